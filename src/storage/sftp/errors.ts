import { errorCode, errorMessage, UserError } from '../../shared/errors.ts'
import { AccessDeniedError, NoSpaceError, StorageError } from '../errors.ts'
import { networkHint } from '../network.ts'

/** Answers of draft-ietf-secsh-filexfer-02, section 7, which is all that most servers say. */
export const status = {
  endOfFile: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  unsupported: 8,
} as const

/** A server's answer that it did not do what it was asked. */
export class StatusError extends Error {
  readonly status: number
  constructor(message: string, status: number, options: ErrorOptions) {
    super(message, options)
    this.name = 'StatusError'
    this.status = status
  }
}

/**
 * What the library hands on as a server's answer to a request. An extension that the server did not announce is refused by
 * the library itself, as the server would.
 * @returns undefined for any other error: there is no answer.
 */
export function statusError(what: string, error: unknown): StatusError | undefined {
  if (!(error instanceof Error)) return undefined
  const isUnknown = error.message === 'Server does not support this extended request'
  const code = isUnknown ? status.unsupported : 'code' in error ? error.code : undefined
  if (typeof code !== 'number') return undefined
  return new StatusError(`${what}: ${error.message}`, code, { cause: error })
}

/** The status that a server answered with; undefined for an error that is no such answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof StatusError ? error.status : undefined
}

/** The storage contract's error for a server's answer; anything else stays as it is. */
export function answerError(
  error: unknown,
  { location, isFull }: { location: string; isFull: boolean },
): unknown {
  if (isFull) return new NoSpaceError(`no space left at ${location}`, error)
  const message = `${location}: ${errorMessage(error)}`
  switch (statusOf(error)) {
    case undefined:
      return error
    case status.permissionDenied:
      return new AccessDeniedError(message, {
        cause: error,
        hint: 'Check who owns the folder there and its permissions, and that its file system has hard links.',
      })
    case status.noSuchFile:
      return new StorageError(message, {
        transient: false,
        cause: error,
        hint: 'Is the disk there still mounted?',
      })
    case status.failure:
      return new StorageError(message, {
        transient: false,
        cause: error,
        hint: "The server says no more. Its disk or the account's quota may be full; its log may tell.",
      })
    default:
      return new StorageError(message, { transient: false, cause: error })
  }
}

/** Why there is no connection. */
export function connectError(
  cause: unknown,
  { where, tooLongMs }: { where: string; tooLongMs: number | undefined },
): unknown {
  if (cause instanceof UserError) return cause
  if (tooLongMs !== undefined) {
    return new StorageError(`${where} took over ${tooLongMs / 1000} s to let us in`, {
      transient: true,
      cause,
    })
  }
  const message = errorMessage(cause)
  if (message.includes('privateKey')) {
    return new UserError(`can't use the private key for ${where}: ${message}`, {
      cause,
      hint: 'It is the file that ssh-keygen made, not the .pub; a protected one needs its passphrase.',
    })
  }
  switch (levelOf(cause)) {
    case 'client-authentication':
    case 'agent':
      return new AccessDeniedError(`${where} does not let us in: ${message}`, {
        cause,
        hint: 'Check the user, the key or password, and what the server accepts.',
      })
    case 'handshake':
      return new UserError(`${where} and we have no way to talk: ${message}`, { cause })
  }
  if (/subsystem|SFTP session/.test(message)) {
    return new UserError(`${where} let us in, but offers no SFTP: ${message}`, {
      cause,
      hint: 'Its log may tell why; a folder for chroot has to belong to root.',
    })
  }
  const what = [errorCode(cause), message].find((text) => text !== undefined && text !== '')
  return new StorageError(`${where}: ${what}`, { transient: true, cause, ...networkHint(cause) })
}

/** Where in connecting the library says that an error came from. */
function levelOf(error: unknown): unknown {
  return error instanceof Error && 'level' in error ? error.level : undefined
}
