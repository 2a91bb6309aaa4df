import { errorCode } from '../../shared/errors.ts'
import { retryAfterMs } from '../../shared/retryAfter.ts'

/**
 * Why a request failed: what Drive answered, or what the network said. It is made from the client's own error,
 * which holds the whole request, tokens and session addresses included, and so goes no further.
 */
export class DriveFailure extends Error {
  /** HTTP status; undefined when no answer came. */
  readonly status: number | undefined
  /** Google's word for it (`rateLimitExceeded`, `invalid_grant`), or Node's (`ECONNRESET`). */
  readonly reason: string | undefined
  /** Whether it was the request for an access token that failed. */
  readonly isAboutToken: boolean
  readonly retryAfterMs: number | undefined

  constructor(error: unknown) {
    const { response } = error as ClientError
    const told = tellingOf(response?.data)
    const reason = told.reason ?? (response === undefined ? errorCode(error) : undefined)
    const message = told.message ?? (response === undefined ? networkMessage(error) : '')
    super(withoutAddresses([response?.status, reason, message].filter(Boolean).join(' ')))
    this.name = 'DriveFailure'
    this.status = response?.status
    this.reason = reason
    this.isAboutToken = told.isAboutToken
    this.retryAfterMs = retryAfterMs(headerIn(response?.headers, 'retry-after'))
  }
}

interface ClientError {
  response?: { status: number; data?: unknown; headers?: unknown }
}

/** The two forms of error bodies: that of the API, and that of OAuth 2.0 (RFC 6749, section 5.2). */
interface ErrorBody {
  error: string | { message?: string; status?: string; errors?: { reason?: string }[] }
  error_description?: string
}

interface Telling {
  reason?: string | undefined
  message?: string | undefined
  isAboutToken: boolean
}

function tellingOf(data: unknown): Telling {
  const body = errorBody(data)
  if (body === undefined) return { isAboutToken: false }
  const { error, error_description: description } = body
  if (typeof error === 'string') return { reason: error, message: description, isAboutToken: true }
  const reason = error.errors?.[0]?.reason ?? error.status
  return { reason, message: error.message, isAboutToken: false }
}

/** The body of an answer that should have been a stream comes as text. An error page is no body of an error. */
function errorBody(data: unknown): ErrorBody | undefined {
  if (typeof data === 'object' && data !== null && 'error' in data && data.error) return data as ErrorBody
  if (typeof data !== 'string') return undefined
  try {
    return errorBody(JSON.parse(data) as unknown)
  } catch {
    return undefined
  }
}

/** What Node said, out of the sentence that the client puts around it. */
function networkMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return /reason: (.*)$/s.exec(message)?.[1] ?? message
}

/** The address of an upload session is a secret, and error messages of the client quote addresses. */
function withoutAddresses(text: string): string {
  return text.replaceAll(/https?:\/\/\S+/g, '(address)').replaceAll(/upload_id=\S+/g, '(address)')
}

/** One of an answer's headers, which the client hands on as they are, whatever its types say. */
export function headerIn(headers: unknown, name: string): string | undefined {
  const { get } = (headers ?? {}) as Partial<Headers>
  return get?.call(headers, name) ?? undefined
}
