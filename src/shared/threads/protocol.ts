import { UserError, type ExitCode } from '../errors.ts'

/** What the main thread sends to a worker. */
export type ToWorker =
  | { kind: 'job'; id: number; job: unknown }
  | { kind: 'answer'; id: number; answer: unknown }
  | { kind: 'abort' }
  | { kind: 'close' }

/** What a worker sends to the main thread. `id` is the job's. */
export type FromWorker =
  | { kind: 'done'; id: number; result: unknown }
  | { kind: 'failed'; id: number; error: PlainError }
  | { kind: 'question'; id: number; question: unknown }
  | { kind: 'note'; id: number; note: unknown }

/** An error as data: structured clone would lose its class and fields. */
export interface PlainError {
  name: string
  message: string
  stack: string | undefined
  code: string | undefined
  hint: string | undefined
  exitCode: ExitCode | undefined
  temporary: boolean
}

export function toPlainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { ...emptyError, name: 'Error', message: String(error) }
  const user = error instanceof UserError ? error : undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    code,
    hint: user?.hint,
    exitCode: user?.exitCode,
    temporary: user?.temporary ?? false,
  }
}

/** An error with the name, code and hint that it had in the other thread. Compare by `name`, not by class. */
export function fromPlainError(plain: PlainError): Error {
  const error =
    plain.exitCode === undefined
      ? new Error(plain.message)
      : new UserError(plain.message, {
          exitCode: plain.exitCode,
          temporary: plain.temporary,
          ...(plain.hint === undefined ? {} : { hint: plain.hint }),
        })
  error.name = plain.name
  if (plain.stack !== undefined) error.stack = plain.stack
  if (plain.code !== undefined) Object.assign(error, { code: plain.code })
  return error
}

const emptyError = {
  stack: undefined,
  code: undefined,
  hint: undefined,
  exitCode: undefined,
  temporary: false,
}
