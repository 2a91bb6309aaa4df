import { STATUS_CODES } from 'node:http'
import { errorCode, UserError } from './errors.ts'
import { untilTaken, type Patience, type Refusal } from './patience.ts'
import { retryAfterMs } from './retryAfter.ts'

/** A small request to somebody else's server. Its URL may be a secret, so it stands in no error. */
export interface PostRequest {
  /** http or https. A user name and password in it are sent as they should be, in a header. */
  url: string
  headers?: Readonly<Record<string, string>>
  body: string
}

/**
 * Posts, again where that may help: after no answer, an answer of 429 or 5xx. The receiver may get it twice.
 * @throws UserError that holds neither the URL, nor anything that was sent or answered; the signal's reason.
 */
export async function post(request: PostRequest, patience: Patience, signal: AbortSignal): Promise<void> {
  const { url, init } = prepared(request)
  await untilTaken(async () => await failureOf(url, init, patience.timeoutMs, signal), patience, signal)
}

function prepared({ url: text, headers = {}, body }: PostRequest): { url: URL; init: RequestInit } {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UserError('what it has is no http or https URL')
  const { username, password } = url
  url.username = ''
  url.password = ''
  const login = [username, password].map(decodeURIComponent).join(':')
  const authorization =
    login === ':' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
  return {
    url,
    init: {
      method: 'POST',
      headers: { 'user-agent': 'safelight', ...authorization, ...headers },
      body,
      redirect: 'manual',
    },
  }
}

/** One try. @returns why it was not accepted. */
async function failureOf(
  url: URL,
  init: RequestInit,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.any([signal, timeout]) })
    await response.body?.cancel()
    return response.ok ? undefined : refusal(response)
  } catch (error) {
    signal.throwIfAborted()
    if (timeout.aborted) return { message: `gave no answer for ${timeoutMs / 1000} s`, temporary: true }
    // The error's own text may hold the URL.
    const code = errorCode(error instanceof Error ? error.cause : undefined) ?? 'unknown error'
    return { message: `can't be reached (${code})`, temporary: true }
  }
}

function refusal({ status, headers }: Response): Refusal {
  const message = `answered ${status} (${STATUS_CODES[status] ?? 'unknown status'})`
  if (status >= 300 && status < 400) {
    return { message: `${message}: it is somewhere else, or wants https`, temporary: false }
  }
  const temporary = status === 429 || status === 408 || status >= 500
  return { message, temporary, delayMs: retryAfterMs(headers.get('retry-after')) }
}
