import { errorCode, errorMessage, UserError } from '../../shared/errors.ts'
import {
  AccessDeniedError,
  ObjectExistsError,
  ObjectFrozenError,
  ObjectMissingError,
  StorageError,
} from '../errors.ts'
import { beyondEnd } from '../bytes.ts'

/** What a call was about, for its error. */
export interface S3Call {
  bucket: string
  key: string
  /** First byte of a range that was asked for. */
  offset?: number | undefined
  /** It completes a multipart upload, which after a conflict has to begin anew: the same request never succeeds. */
  completes?: boolean
}

/** Error codes that may well pass, and that their HTTP status does not give away. */
const passing = new Set([
  'BadDigest',
  'ConditionalRequestConflict',
  'IncompleteBody',
  'InternalError',
  'OperationAborted',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TimeoutError',
  'XAmzContentSHA256Mismatch',
])

/** Codes of Node's network errors that may well pass. A name that does not resolve is one: networks go and come back. */
const networkCodes = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
])

/** The storage contract's error for whatever the SDK threw. */
export function s3Error(cause: unknown, call: S3Call): Error {
  const status = httpStatus(cause)
  const name = cause instanceof Error ? cause.name : ''
  switch (name) {
    case 'NoSuchBucket':
      return missingBucket(call.bucket, cause)
    case 'PermanentRedirect':
    case 'AuthorizationHeaderMalformed':
      return new UserError(`bucket ${call.bucket} is not in this region: ${errorMessage(cause)}`, {
        cause,
        hint: 'Set the region, and the endpoint if there is one, to where the bucket is.',
      })
    case 'CredentialsProviderError':
      return new UserError(`no credentials for bucket ${call.bucket}: ${errorMessage(cause)}`, {
        cause,
        hint: 'Set the credentials of the destination.',
      })
    case 'RequestTimeTooSkewed':
      return new AccessDeniedError("the server refuses requests because this machine's clock is wrong", {
        cause,
        hint: 'Set the clock, for example by NTP: S3 allows 15 minutes of difference.',
      })
    case 'InvalidObjectState':
      return new ObjectFrozenError(call.key, { cause })
    case 'ExpiredToken':
      return new AccessDeniedError(`the credentials for bucket ${call.bucket} have expired`, { cause })
  }
  if (status === 412) return new ObjectExistsError(call.key, { cause })
  if (status === 404 && name !== 'NoSuchUpload') return new ObjectMissingError(call.key, { cause })
  if (status === 416) return beyondEnd(call.key, call.offset ?? 0, cause)
  if (status === 401 || status === 403) return denied(cause, call)
  return new StorageError(describe(cause), {
    transient: mayPass(cause, name, status) && !(call.completes && name === 'ConditionalRequestConflict'),
    retryAfterMs: retryAfterMs(cause),
    cause,
  })
}

export function missingBucket(bucket: string, cause: unknown): UserError {
  const hint = 'Check its name, the region and the endpoint, or create it.'
  return new UserError(`there is no bucket ${bucket}`, { cause, hint })
}

function denied(cause: unknown, { bucket, key }: S3Call): AccessDeniedError {
  return new AccessDeniedError(`bucket ${bucket} refuses ${key}: ${describe(cause)}`, {
    cause,
    hint: 'Check the access key, its policy, and any quota of the bucket.',
  })
}

function mayPass(cause: unknown, name: string, status: number | undefined): boolean {
  if (passing.has(name)) return true
  if (status === 408 || status === 429 || (status !== undefined && status >= 500 && status !== 501))
    return true
  const code = errorCode(cause)
  return code !== undefined && networkCodes.has(code)
}

/** `503 SlowDown: Please reduce your request rate.` */
function describe(cause: unknown): string {
  const name = cause instanceof Error ? cause.name : ''
  const code = httpStatus(cause) === undefined ? errorCode(cause) : name
  const what = [httpStatus(cause), code].filter((part) => part !== undefined).join(' ')
  const message = errorMessage(cause)
  return [what, message].filter((part) => part !== '' && part !== 'UnknownError').join(': ')
}

interface SdkError {
  $metadata?: { httpStatusCode?: number }
  $response?: { headers?: Record<string, string>; statusCode?: number }
}

/** The status that an error of the SDK came from; undefined when no answer came. */
export function httpStatus(cause: unknown): number | undefined {
  const { $metadata, $response } = cause as SdkError
  return $metadata?.httpStatusCode ?? $response?.statusCode
}

/** The header is a number of seconds or a date (RFC 9110, section 10.2.3). */
function retryAfterMs(cause: unknown): number | undefined {
  const header = (cause as SdkError).$response?.headers?.['retry-after']
  if (header === undefined) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return ms > 0 ? ms : undefined
}
