import { errorMessage } from '../../shared/errors.ts'
import type { OpenTarget } from './openTarget.ts'
import type { BackupPlan } from './plan.ts'
import { storeRunReport, type RunReport } from './runReport.ts'
import type { Tally } from './tally.ts'

/** So long a storage may take for a report of a few kilobytes. */
const reportMs = 5000

/** Stores the report of a run that has its end. That it could not be is one more of the warnings, and changes nothing else. */
export async function reportEnd(
  { plan, target, tally }: { plan: BackupPlan; target: OpenTarget; tally: Tally },
  end: Pick<RunReport, 'outcome' | 'exitCode' | 'record' | 'error'>,
  warnings: string[],
): Promise<void> {
  const { host, program, only, now } = plan
  const { vault, chain, started } = target
  const { changes, examples, mismatched, skipped } = tally
  const report: RunReport = {
    version: 1,
    kind: 'backup',
    runId: chain.runId,
    host,
    program,
    started: started.toISOString(),
    finished: now().toISOString(),
    ...end,
    ...(only && { only }),
    changes,
    mismatched,
    skipped,
    examples,
  }
  try {
    await storeRunReport(vault, report, { signal: AbortSignal.timeout(reportMs) })
  } catch (error) {
    warnings.push(`the report of this run could not be stored: ${errorMessage(error)}`)
  }
}
