import { exitCodes, UserError, type ExitCode } from '../../shared/errors.ts'

/** An error as a message has it: without a stack. */
export interface TellableError {
  message: string
  hint: string | undefined
  exitCode: ExitCode
}

/** @returns undefined for what nobody needs to be told: an interruption, and that another run is at it already. */
export function tellableError(error: unknown): TellableError | undefined {
  if (error instanceof UserError) {
    const { message, hint, exitCode } = error
    const isUsual = exitCode === exitCodes.locked || exitCode === exitCodes.cancelled
    return isUsual ? undefined : { message, hint, exitCode }
  }
  if (error instanceof Error && error.name === 'AbortError') return undefined
  return {
    message: 'Safelight failed in a way that it did not expect',
    hint: 'The output of the run has the details. They are worth a report to its makers.',
    exitCode: exitCodes.failed,
  }
}
