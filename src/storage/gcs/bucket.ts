import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { StorageError } from '../errors.ts'
import type { Pace } from '../limits/throttle.ts'
import type { GcsOptions } from '../options.ts'
import type { CallOptions, CreateOptions } from '../storage.ts'
import { Connections, type HttpRequest } from './connections.ts'
import { GcsCredentials } from './credentials.ts'
import { gcsError, GcsRefusal, type GcsCall } from './errors.ts'

const googlesEndpoint = 'https://storage.googleapis.com'

export type Query = Record<string, string>
type AboutCall = CallOptions & Omit<GcsCall, 'bucket'>
type Request = Omit<HttpRequest, 'signal'>

/** A prefix in a bucket, and how calls to it are made: Cloud Storage's JSON API, version 1. */
export class GcsBucket {
  readonly name: string
  readonly location: string
  /** Empty, or ends in a slash. */
  readonly prefix: string
  readonly #endpoint: string
  readonly #storageClass: GcsOptions['storageClass']
  readonly #credentials: GcsCredentials
  readonly #connections: Connections

  /** @param pace what bodies go out by. */
  constructor(options: GcsOptions, idleMs: number, pace?: Pace) {
    this.name = options.bucket
    this.location = `gs://${options.bucket}/${options.prefix}`
    this.prefix = options.prefix === '' ? '' : `${options.prefix}/`
    this.#endpoint = (options.endpoint ?? googlesEndpoint).replace(/\/$/, '')
    this.#storageClass = options.storageClass
    this.#credentials = new GcsCredentials(options, idleMs)
    this.#connections = new Connections(idleMs, pace)
  }

  /** The bucket itself. */
  bucketUrl(query: Query): URL {
    return this.#url(`/storage/v1/b/${encodeURIComponent(this.name)}`, query)
  }

  objectsUrl(query: Query): URL {
    return this.#url(`/storage/v1/b/${encodeURIComponent(this.name)}/o`, query)
  }

  objectUrl(key: string, query: Query): URL {
    const name = encodeURIComponent(this.prefix + key)
    return this.#url(`/storage/v1/b/${encodeURIComponent(this.name)}/o/${name}`, query)
  }

  uploadUrl(query: Query): URL {
    return this.#url(`/upload/storage/v1/b/${encodeURIComponent(this.name)}/o`, query)
  }

  /** What an object is created with: contents alone go into the configured storage class. */
  metadata(key: string, { kind }: CreateOptions): Record<string, string> {
    const storageClass = kind === 'content' ? this.#storageClass : 'STANDARD'
    const name = this.prefix + key
    return { name, contentType: 'application/octet-stream', ...(storageClass && { storageClass }) }
  }

  /** Whether a URL that the server gave leads back to it, or at least to Google. */
  isOfService(url: URL): boolean {
    if (url.origin === new URL(this.#endpoint).origin) return true
    return url.protocol === 'https:' && url.hostname.endsWith('.googleapis.com')
  }

  /**
   * Makes one request with our credentials.
   * @returns the answer to a request that succeeded, whose body is still to be read.
   * @throws the signal's reason when it aborted, otherwise an error of the storage contract.
   */
  async send(about: AboutCall, request: Request): Promise<IncomingMessage> {
    return await this.#calling(about, async () => {
      const authorization = await this.#credentials.headers(about)
      const headers = { ...authorization, ...request.headers }
      const answer = await this.#connections.send({ ...request, headers, signal: about.signal })
      return await accepted(answer)
    })
  }

  /** The same, with the answer's JSON. */
  async json<T extends object>(about: AboutCall, request: Request): Promise<T> {
    const answer = await this.send(about, request)
    return await this.#calling(about, () => jsonOf<T>(answer))
  }

  /**
   * Makes one request that needs no credentials, because its URL is one.
   * @param also statuses that are answers here, beside those of success.
   */
  async sendUnauthorized<T>(
    about: AboutCall,
    request: Request,
    also: readonly number[],
    take: (answer: IncomingMessage) => Promise<T>,
  ): Promise<T> {
    return await this.#calling(about, async () => {
      const answer = await this.#connections.send({ ...request, signal: about.signal })
      return await take(await accepted(answer, also))
    })
  }

  /** The answer's Date, whatever else the server says. */
  async date(about: AboutCall): Promise<Date | undefined> {
    const answer = await this.#calling(about, () =>
      this.#connections.send({
        method: 'GET',
        url: this.bucketUrl({ fields: 'name' }),
        signal: about.signal,
      }),
    )
    answer.resume()
    return answer.headers.date === undefined ? undefined : new Date(answer.headers.date)
  }

  /** What to throw where a request, or reading its answer, failed with `error`. */
  error(error: unknown, { signal, ...about }: AboutCall): unknown {
    return signal?.aborted ? signal.reason : gcsError(error, { ...about, bucket: this.name })
  }

  close(): void {
    this.#connections.close()
  }

  #url(path: string, query: Query): URL {
    return new URL(`${this.#endpoint}${path}?${new URLSearchParams(query).toString()}`)
  }

  async #calling<T>(about: AboutCall, call: () => Promise<T>): Promise<T> {
    about.signal?.throwIfAborted()
    try {
      return await call()
    } catch (error) {
      throw this.error(error, about)
    }
  }
}

/** @throws GcsRefusal for an answer that is neither success nor one of the statuses given. */
async function accepted(answer: IncomingMessage, also: readonly number[] = []): Promise<IncomingMessage> {
  const { statusCode = 0 } = answer
  if ((statusCode >= 200 && statusCode < 300) || also.includes(statusCode)) return answer
  throw await GcsRefusal.of(answer)
}

/** @throws StorageError when the answer is something else, as a proxy's page. */
export async function jsonOf<T extends object>(answer: IncomingMessage): Promise<T> {
  const body = await text(answer)
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value === 'object' && value !== null) return value as T
  } catch {}
  throw new StorageError(`the server answered ${answer.statusCode} with something that is no JSON`, {
    transient: true,
  })
}
