import type { Config, Destination } from '../../config/config.ts'
import type { Need } from '../../config/needs.ts'
import type { Identity } from '../../crypto/identity.ts'
import type { Finding } from '../../storage/probe/finding.ts'
import { checkConfiguration } from './configuration.ts'
import { checkDatabase } from './database.ts'
import { checkDestination, type CheckedDestination } from './destination.ts'
import { findingsOf, type Check } from './findingsOf.ts'
import { checkIdentity } from './identity.ts'
import { checkLibrary } from './library.ts'
import { checkOnePassword } from './onePassword.ts'
import { checkRclone } from './rclone.ts'
import { checkSecretFiles } from './secretFiles.ts'
import { checkSource } from './source.ts'
import { checkStateFolder } from './stateFolder.ts'
import { checkTemporaryFolder } from './temporaryFolder.ts'

export interface CheckPlan {
  config: Config
  /** Those that are meant. */
  destinations: readonly Destination[]
  /** Whether everything else is meant, too. */
  whole: boolean
  /** Where the `.env` file would be. */
  folder: string
  /** What is wrong with these parts of the configuration; undefined when nothing is. */
  problems: (needs: readonly Need[]) => string | undefined
  /** May ask a person for a passphrase. @throws UserError when it can't be opened or used with this configuration. */
  openIdentity: () => Promise<Identity>
  /** Whether old interrupted uploads are removed first. */
  sweep: boolean
  now: () => Date
  /** Milliseconds since any one moment. */
  clock: () => number
  signal: AbortSignal
}

/** What came of a check. It is the document of `check --json`, too. */
export interface CheckResult {
  /** Of this machine, the library and the database: what others build on comes first. */
  findings: Finding[]
  destinations: CheckedDestination[]
}

const seconds = 1000
/** A person may have to find a password, or to unlock an app. */
const personMs = 600 * seconds
const fileMs = 30 * seconds
const databaseMs = 60 * seconds

/**
 * Looks whether everything is in place that a backup needs. In the result, a cause stands before what follows from it.
 * @throws the signal's reason. What is wrong is a finding.
 */
export async function check(plan: CheckPlan): Promise<CheckResult> {
  const { config, destinations, whole, signal } = plan
  let identity: Identity | undefined
  const first: Check[] = whole
    ? [
        { what: 'configuration', patienceMs: fileMs, look: () => checkConfiguration(plan) },
        { what: 'secret files', patienceMs: fileMs, look: () => checkSecretFiles(config, plan.folder) },
        { what: '1Password', patienceMs: personMs, look: () => checkOnePassword(config) },
      ]
    : []
  const opening: Check = {
    what: 'identity',
    patienceMs: personMs,
    look: async function* () {
      identity = await plan.openIdentity()
      yield* checkIdentity(identity, config)
    },
  }
  const findings: Finding[] = []
  // One after the other: a person answers one question at a time.
  for (const each of [...first, ...(config.identity ? [opening] : [])])
    findings.push(...(await findingsOf(each, signal)))
  const [here, checked] = await Promise.all([
    Promise.all((whole ? sideBySide(plan) : []).map(async (each) => await findingsOf(each, signal))),
    Promise.all(destinations.map(async (each) => await checkDestination(each, { ...plan, identity }))),
  ])
  return { findings: [...findings, ...here.flat()], destinations: checked }
}

function sideBySide({ config, now }: CheckPlan): Check[] {
  return [
    { what: 'state folder', patienceMs: fileMs, look: () => checkStateFolder(config.state) },
    { what: 'temporary files', patienceMs: fileMs, look: () => checkTemporaryFolder() },
    { what: 'rclone', patienceMs: fileMs, look: () => checkRclone(config) },
    { what: 'library', patienceMs: fileMs, look: () => checkLibrary(config) },
    ...config.sources.map((source) => ({
      what: `source ${source.name}`,
      patienceMs: fileMs,
      look: () => checkSource(source, config.ignore),
    })),
    { what: 'database', patienceMs: databaseMs, look: (signal) => checkDatabase(config, { now, signal }) },
  ]
}
