import type { Measured } from '../../metrics/metrics.ts'
import type { VerificationEnd } from './verificationNews.ts'
import { isOverdue, type Freshness } from './overdueNews.ts'
import { tellableError } from './tellableError.ts'
import type { ToldEnd } from './toldEnd.ts'

/** What a backup that has ended gives for the metrics of a destination. */
export function measuredBackup(end: ToldEnd, host: string, now: Date): Measured {
  const { destination, expectEveryMs } = end
  const run = { safelight_last_run_timestamp_seconds: seconds(now) }
  if (end.outcome === 'failed') {
    const values = {
      ...run,
      safelight_last_run_exit_code: end.exitCode,
      ...freshness({ destination, lastGood: end.lastGood, expectEveryMs }, now),
    }
    return { host, destination, values }
  }
  const { result, record } = end
  const { counts, changes, crossCheck } = record
  const created = new Date(record.created)
  const values: Measured['values'] = {
    ...run,
    safelight_last_run_exit_code: result.exitCode,
    ...freshness({ destination, lastGood: created, expectEveryMs }, now),
    safelight_last_run_duration_seconds: (created.getTime() - Date.parse(record.started)) / 1000,
    safelight_snapshot_files: counts.files,
    safelight_snapshot_bytes: counts.bytes,
    safelight_last_run_added_files: changes.added,
    safelight_last_run_changed_files: changes.changed,
    safelight_last_run_gone_files: changes.archived,
    safelight_last_run_unread_files: changes.unreadable + changes.unstable,
    safelight_last_run_stored_bytes: changes.storedBytes,
    safelight_last_run_sharp_drop: record.sharpDrop ? 1 : 0,
    ...(crossCheck && {
      safelight_snapshot_assets: crossCheck.assets,
      safelight_last_run_missing_files: crossCheck.missing,
      safelight_last_run_mismatched_files: crossCheck.mismatched,
    }),
  }
  return { host, destination, values }
}

/** The same of a verification; undefined for one that was interrupted. */
export function measuredVerification(
  { destination, result, error }: VerificationEnd,
  expectEveryMs: number,
  host: string,
  now: Date,
): Measured | undefined {
  const exitCode = result ? result.exitCode : tellableError(error)?.exitCode
  if (exitCode === undefined) return undefined
  const run = {
    safelight_last_verification_timestamp_seconds: seconds(now),
    safelight_last_verification_exit_code: exitCode,
  }
  if (!result) return { host, destination, values: run }
  const { snapshot, objects, coverage } = result
  const values: Measured['values'] = {
    ...run,
    ...(snapshot && freshness({ destination, lastGood: new Date(snapshot.created), expectEveryMs }, now)),
    safelight_verification_bad_objects: objects.bad,
    ...(coverage.read.objects > 0 && {
      safelight_verification_coverage_ratio: coverage.read.recent / coverage.read.objects,
    }),
  }
  return { host, destination, values }
}

/** Of a destination whose last good backup is not known nothing is said: what was said before stays. */
function freshness(each: Freshness, now: Date): Measured['values'] {
  const { lastGood, expectEveryMs } = each
  const expected = { safelight_expected_interval_seconds: expectEveryMs / 1000 }
  if (lastGood === undefined) return expected
  return {
    ...expected,
    safelight_last_success_timestamp_seconds: seconds(lastGood),
    safelight_overdue: isOverdue(each, now) ? 1 : 0,
  }
}

function seconds(time: Date): number {
  return time.getTime() / 1000
}
