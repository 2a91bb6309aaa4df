import { exitCodes, UserError, type ExitCode } from '../../shared/errors.ts'
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

export function codeOf(error: unknown): ExitCode {
  return error instanceof UserError ? error.exitCode : exitCodes.failed
}
