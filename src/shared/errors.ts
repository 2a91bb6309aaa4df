/**
 * Exit codes of every command, as restic's where it has one. Documented in the README.
 */
export const exitCodes = {
  done: 0,
  failed: 1,
  /** The run ended, but something could not be read, or something looks wrong and a person should look. */
  partial: 3,
  noVault: 10,
  locked: 11,
  wrongKey: 12,
  cancelled: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

interface UserErrorOptions {
  /** What the reader can do about it: one or more sentences. */
  hint?: string
  exitCode?: ExitCode
  /** Whether the same may succeed later, without anybody's doing. */
  temporary?: boolean
  cause?: unknown
}

/**
 * An error that its reader can do something about. It is shown as a message and a hint, without a stack; every
 * other error is a bug, and is shown with one. Neither text may ever hold a secret.
 */
export class UserError extends Error {
  readonly hint: string | undefined
  readonly exitCode: ExitCode
  readonly temporary: boolean

  constructor(message: string, options: UserErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'UserError'
    this.hint = options.hint
    this.exitCode = options.exitCode ?? exitCodes.failed
    this.temporary = options.temporary ?? false
  }
}

/** The code of a Node system error (`ENOENT`), or undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** The message of whatever was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Tells of a further failure, that of clearing up after an error, as the last in the error's chain of causes. */
export function addLastCause(error: unknown, failure: unknown): void {
  let last = error
  while (last instanceof Error && last.cause instanceof Error) last = last.cause
  if (last instanceof Error) last.cause = failure
}
