import { exitCodes } from '../../shared/errors.ts'
import type { FindingsBook } from '../forecast/findings.ts'
import { survey } from '../forecast/survey.ts'
import type { OpenTarget } from './openTarget.ts'
import type { BackupPlan, BackupResult } from './plan.ts'
import type { Tally } from './tally.ts'
import type { FileTotals } from './workList.ts'

/** What a dry run found at a destination, and what a forecast can be made of. */
export async function dryResult(
  run: { plan: BackupPlan; target: OpenTarget; tally: Tally; toRead: FileTotals },
  book: FindingsBook,
  signal: AbortSignal,
): Promise<BackupResult> {
  const { plan, target, tally, toRead } = run
  const { vault, chain } = target
  const findings = book.findings()
  tally.changes.archived = findings.gone.files + findings.moved.files
  const options = { withDump: plan.database !== undefined, now: plan.now(), signal }
  return {
    exitCode: exitCodes.done,
    location: vault.storage.location,
    snapshot: undefined,
    dryRun: { findings, survey: await survey({ vault, chain }, book, options) },
    tally,
    toRead,
    warnings: [],
  }
}
