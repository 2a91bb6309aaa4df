import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { errorCode, UserError } from '../../shared/errors.ts'
import { retryAfterMs } from '../../shared/retryAfter.ts'
import { AccessDeniedError, ObjectExistsError, ObjectMissingError, StorageError } from '../errors.ts'
import { beyondEnd } from '../bytes.ts'
import { mayPass, networkHint, networkMessage } from '../network.ts'

/** What a call was about, for its error. */
export interface GcsCall {
  bucket: string
  key: string
  /** First byte of a range that was asked for. */
  offset?: number | undefined
  /** Whether the call was to create the object, and only if it is not there. */
  creates?: boolean | undefined
}

/** What the server refused with. It holds nothing of the request, whose URL can be a secret. */
export class GcsRefusal extends Error {
  readonly status: number
  /** Google's word for it, as `conditionNotMet`; empty where it gives none. */
  readonly reason: string
  readonly retryAfterMs: number | undefined

  private constructor(status: number, reason: string, message: string, retryAfter: string | undefined) {
    super(message)
    this.name = 'GcsRefusal'
    this.status = status
    this.reason = reason
    this.retryAfterMs = retryAfterMs(retryAfter)
  }

  static async of(answer: IncomingMessage): Promise<GcsRefusal> {
    const { statusCode = 0, headers } = answer
    const { reason, message } = explanation(await text(answer))
    return new GcsRefusal(statusCode, reason, message, headers['retry-after'])
  }

  /** Whether the bytes that arrived are not those of the checksum that came with them. */
  get isAltered(): boolean {
    return this.status === 400 && /doesn't match calculated (?:CRC32C|MD5)/i.test(this.message)
  }
}

interface ErrorBody {
  error: { message?: string; errors?: { reason?: string }[] }
}

/** Only what Google explains in JSON: an error page of HTML repeats the URL. */
function explanation(body: string): { reason: string; message: string } {
  try {
    const { message = '', errors = [] } = (JSON.parse(body) as ErrorBody).error
    const harmless = message.replaceAll(/upload_id=[^&\s"']*/g, 'upload_id=[secret]')
    return { reason: errors[0]?.reason ?? '', message: harmless }
  } catch {
    return { reason: '', message: '' }
  }
}

/** The storage contract's error for whatever a call failed with. */
export function gcsError(cause: unknown, call: GcsCall): unknown {
  if (cause instanceof GcsRefusal) return refused(cause, call)
  const code = errorCode(cause)
  if (code === undefined) return cause
  return new StorageError(networkMessage(cause), {
    transient: mayPass({ code }),
    cause,
    ...networkHint(cause),
  })
}

function refused(cause: GcsRefusal, call: GcsCall): Error {
  const { status, reason, message, retryAfterMs } = cause
  // Credentials that may not delete may not replace either, and can be told that before the precondition is looked at.
  const wouldReplace = status === 403 && message.includes('storage.objects.delete')
  if (status === 412 || (call.creates && wouldReplace)) return new ObjectExistsError(call.key, { cause })
  if (status === 404 && /bucket does not exist/i.test(message)) return missingBucket(call.bucket, cause)
  if (status === 404) return new ObjectMissingError(call.key, { cause })
  if (status === 416) return beyondEnd(call.key, call.offset ?? 0, cause)
  const limited = /rateLimitExceeded/i.test(reason)
  if ((status === 401 || status === 403) && !limited) return denied(cause, call)
  const transient = mayPass({ status }) || limited || cause.isAltered
  return new StorageError(describe(cause), { transient, retryAfterMs, cause })
}

function missingBucket(bucket: string, cause: unknown): UserError {
  return new UserError(`there is no bucket ${bucket}`, { cause, hint: 'Check its name, or create it.' })
}

function denied(cause: GcsRefusal, { bucket, key }: GcsCall): AccessDeniedError {
  const hint =
    cause.status === 401
      ? "Check the credentials, and this machine's clock."
      : 'Check the roles that the credentials have on the bucket, and the billing of its project.'
  return new AccessDeniedError(`bucket ${bucket} refuses ${key}: ${describe(cause)}`, { cause, hint })
}

/** `503 backendError: Backend Error` */
function describe({ status, reason, message }: GcsRefusal): string {
  return [[status, reason].join(' ').trim(), message].filter((part) => part !== '').join(': ')
}
