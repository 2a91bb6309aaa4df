import { exitCodes, UserError, type ExitCode } from '../../shared/errors.ts'
import type { SnapshotRecord } from '../../vault/record.ts'
import type { BackupEnd } from './plan.ts'

/** The exit code of a backup: of several destinations the worst one counts; when not all failed alike, it says no more than that. */
export function exitCodeOf(ends: readonly BackupEnd[]): ExitCode {
  const failed = ends.filter(({ result }) => result === undefined)
  if (failed.length === 0)
    return Math.max(exitCodes.done, ...ends.map(({ result }) => result?.exitCode ?? 0)) as ExitCode
  const codes = new Set(failed.map(({ error }) => codeOf(error)))
  const [code = exitCodes.failed] = failed.length === ends.length && codes.size === 1 ? codes : []
  return code
}

/**
 * The exit code of a run that has its snapshot.
 * @param keptMoving whether paths vanished even in the last walk.
 */
export function exitCodeWith(
  { sharpDrop, changes }: Pick<SnapshotRecord, 'sharpDrop' | 'changes'>,
  keptMoving = false,
): ExitCode {
  const isPartial = sharpDrop || keptMoving || changes.unreadable + changes.unstable > 0
  return isPartial ? exitCodes.partial : exitCodes.done
}

export function codeOf(error: unknown): ExitCode {
  return error instanceof UserError ? error.exitCode : exitCodes.failed
}
