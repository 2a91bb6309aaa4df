import { errorCode, errorMessage, UserError } from '../../shared/errors.ts'
import { retryAfterMs } from '../../shared/retryAfter.ts'
import {
  AccessDeniedError,
  ObjectExistsError,
  ObjectFrozenError,
  ObjectMissingError,
  StorageError,
} from '../errors.ts'
import { beyondEnd } from '../bytes.ts'
import { mayPass, networkHint, networkMessage } from '../network.ts'

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
  const passes = passing.has(name) || mayPass({ code: errorCode(cause), status })
  return new StorageError(describe(cause), {
    transient: passes && !(call.completes && name === 'ConditionalRequestConflict'),
    retryAfterMs: retryAfterMs(headersOf(cause)?.['retry-after']),
    cause,
    ...networkHint(cause),
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

/** `503 SlowDown: Please reduce your request rate.` */
function describe(cause: unknown): string {
  const status = httpStatus(cause)
  if (status === undefined) return networkMessage(cause)
  const what = `${status} ${cause instanceof Error ? cause.name : ''}`.trim()
  return [what, errorMessage(cause)].filter((part) => part !== '' && part !== 'UnknownError').join(': ')
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

function headersOf(cause: unknown): Record<string, string> | undefined {
  return (cause as SdkError).$response?.headers
}
