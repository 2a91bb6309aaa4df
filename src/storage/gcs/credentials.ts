import { Storage } from '@google-cloud/storage'
import { unlessAborted } from '../../shared/abort.ts'
import { errorCode, errorMessage, UserError } from '../../shared/errors.ts'
import { AccessDeniedError, StorageError } from '../errors.ts'
import { mayPass } from '../network.ts'
import type { GcsOptions } from '../options.ts'
import type { CallOptions } from '../storage.ts'

type VendorCredentials = NonNullable<Storage['authClient']['jsonContent']>

/**
 * Who we are towards Google. This much is its client's work. The requests themselves are ours: the client can't be
 * stopped in the middle of one, waits for a silent connection for ever, and keeps its upload sessions to itself.
 */
export class GcsCredentials {
  readonly #bucket: string
  readonly #timeoutMs: number
  readonly #auth: Storage['authClient']

  /** @throws UserError for credentials that are no JSON. Nothing is asked of anybody yet. */
  constructor({ bucket, credentials }: GcsOptions, timeoutMs: number) {
    this.#bucket = bucket
    this.#timeoutMs = timeoutMs
    // No call of ours names a project. Without one here, its client would ask others which it is.
    this.#auth = new Storage({ projectId: 'none' }).authClient
    // Given as an option, its client would warn on the console of credentials from strangers. These are the owner's.
    if (credentials !== undefined) this.#auth.jsonContent = parsed(credentials, bucket)
    // A service account's key then signs its tokens itself (https://google.aip.dev/auth/4111), and nobody is asked for one.
    this.#auth.useJWTAccessWithScope = true
  }

  /**
   * The headers that authorize a request.
   * @throws AccessDeniedError when there are no credentials, or they are good for nothing.
   * @throws StorageError when whoever gives out tokens did not answer.
   */
  async headers({ signal }: CallOptions): Promise<Record<string, string>> {
    const timeout = AbortSignal.timeout(this.#timeoutMs)
    // A token is fetched once for all calls that wait for it, so the signal of one call ends only its waiting.
    const waiting = AbortSignal.any(signal === undefined ? [timeout] : [timeout, signal])
    try {
      const headers = await unlessAborted(this.#auth.getRequestHeaders(), waiting)
      return Object.fromEntries(headers)
    } catch (error) {
      signal?.throwIfAborted()
      if (timeout.aborted) {
        const message = `no access token came within ${this.#timeoutMs / 1000} s`
        throw new StorageError(message, { transient: true })
      }
      throw tokenError(error, this.#bucket)
    }
  }
}

/** Errors of JSON.parse quote what they could not read, so none of them is kept. */
function parsed(text: string, bucket: string): VendorCredentials {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {}
  throw new UserError(`the credentials of bucket ${bucket} are no JSON object`, {
    hint: 'Give the JSON file of a service account key, as Google wrote it, or a reference to it.',
  })
}

/** The vendor's errors hold the request, and with it secrets: of those only the message is kept. */
function tokenError(error: unknown, bucket: string): Error {
  const message = `no access token for bucket ${bucket}: ${errorMessage(error)}`
  const { status } = error as { status?: unknown }
  const failure = { code: errorCode(error), status: typeof status === 'number' ? status : undefined }
  if (mayPass(failure)) return new StorageError(message, { transient: true })
  return new AccessDeniedError(message, {
    hint: "Check the credentials of the destination, and this machine's clock.",
  })
}
