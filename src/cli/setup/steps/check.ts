/* Whether all that a backup needs is in place, before anything is written. */
import type { Config, Destination } from '../../../config/config.ts'
import type { Identity } from '../../../crypto/identity.ts'
import { check } from '../../../runs/check/check.ts'
import { UserError } from '../../../shared/errors.ts'
import type { Finding } from '../../../storage/probe/finding.ts'
import { configProblems } from '../../configProblems.ts'
import { checkReport } from '../../output/checkReport.ts'
import type { Need } from '../../../config/needs.ts'
import type { Draft } from '../../../config/load.ts'
import type { Session } from '../session.ts'

/** A report in a frame, on 80 columns. */
const reportColumns = 74

/**
 * Checks the destination as `safelight check` does, and this machine with it.
 * @throws UserError when the destination can't be used. What else is bad is told, and can be put right later.
 */
export async function checkFirst(
  { asker, context, folder }: Session,
  subject: { config: Config; destination: Destination; identity: Identity; draft: Draft },
): Promise<void> {
  const { config, destination, identity, draft } = subject
  const result = await asker.working('Checking this machine and the destination', () =>
    check({
      config,
      destinations: [destination],
      whole: true,
      folder,
      problems: (needs) => configProblems(context, needs, draft),
      openIdentity: async () => await Promise.resolve(identity),
      sweep: false,
      now: () => new Date(),
      clock: () => performance.now(),
      signal: context.signal,
    }),
  )
  const findings = result.findings.filter(isTold)
  const destinations = result.destinations.map((each) => ({
    ...each,
    findings: each.findings.filter(isTold),
  }))
  const told = { findings, destinations: destinations.filter((each) => each.findings.length > 0) }
  if (findings.length + told.destinations.length > 0) {
    asker.tell(checkReport(told, { columns: reportColumns, style: (_format, text) => text }), 'Worth knowing')
  }
  const broken = destinations.flatMap((each) => each.findings).find((finding) => finding.result === 'bad')
  if (broken) {
    throw new UserError(`the destination can't be used so: ${broken.what}: ${broken.detail}`, {
      hint: broken.remedy ?? 'Correct the answers, and run the command again.',
    })
  }
}

/** What is in order is not told, and the vault is what comes next. */
function isTold({ what, result }: Finding): boolean {
  return result === 'bad' || (result === 'weak' && what !== 'vault')
}

/** The parts of the configuration that a backup needs. */
export const backupNeeds: readonly Need[] = ['library', 'database', 'identity', 'destinations']
