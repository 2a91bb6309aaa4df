import { exitCodes, UserError } from '../../shared/errors.ts'

/**
 * An error as its reader should see it: what a person can do something about has a message and a hint, everything
 * else is a bug and has its stack. Only messages and stacks are shown: the other properties of an error that came
 * from a library may hold anything, a password included.
 */
export function describeError(error: unknown): { message: string; detail: string; exitCode: number } {
  if (error instanceof UserError) {
    return { message: error.message, detail: error.hint ?? '', exitCode: error.exitCode }
  }
  if (isInterruption(error)) return { message: 'interrupted', detail: '', exitCode: exitCodes.cancelled }
  return {
    message: 'this is a bug in Safelight, or something that it did not expect',
    detail: stackOf(error),
    exitCode: exitCodes.failed,
  }
}

/** Whether somebody wanted it to stop: what a signal of the process's aborts with. */
export function isInterruption(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.stack ?? error.message
  return error.cause === undefined ? own : `${own}\ncaused by ${stackOf(error.cause)}`
}
