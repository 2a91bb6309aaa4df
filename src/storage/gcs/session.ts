/*
 * Resumable upload sessions: https://cloud.google.com/storage/docs/performing-resumable-uploads
 * A session's URI lets whoever has it write to the upload. It goes into no error and no log.
 */
import type { IncomingMessage } from 'node:http'
import { StorageError } from '../errors.ts'
import type { CallOptions, CreateOptions } from '../storage.ts'
import { jsonOf, type GcsBucket } from './bucket.ts'
import { onlyIfAbsent } from './create.ts'

/** Bytes that everything sent but the end of an object has to be a multiple of. */
export const sessionUnit = 256 * 1024

/** How an upload stands: how many bytes the server holds, or the checksum of the finished object. */
export type SessionState =
  { name: 'open'; held: number } | { name: 'complete'; crc32c: string | undefined } | { name: 'gone' }

const resumeIncomplete = 308
/** Google's own status for an upload that its client cancelled. */
const clientClosedRequest = 499
const goneStatuses = [404, 410, clientClosedRequest]

/** Begins an upload that becomes an object only if there is none yet. @returns its URI. */
export async function startSession(bucket: GcsBucket, key: string, options: CreateOptions): Promise<URL> {
  const answer = await bucket.send(
    { key, signal: options.signal, creates: true },
    {
      method: 'POST',
      url: bucket.uploadUrl({ uploadType: 'resumable', fields: 'crc32c', ...onlyIfAbsent }),
      headers: { 'content-type': 'application/json; charset=UTF-8' },
      body: [Buffer.from(JSON.stringify(bucket.metadata(key, options)))],
    },
  )
  answer.resume()
  const uri = URL.parse(answer.headers.location ?? '')
  if (uri !== null && bucket.isOfService(uri)) return uri
  throw new StorageError(`the server gave no session of its own for ${key}`, { transient: false })
}

/** An upload session that was begun, by whichever process. */
export class GcsSession {
  readonly #bucket: GcsBucket
  readonly #key: string
  readonly #uri: URL

  constructor(bucket: GcsBucket, key: string, uri: URL) {
    this.#bucket = bucket
    this.#key = key
    this.#uri = uri
  }

  /** Sends bytes from `first` on: a multiple of `sessionUnit`, of which the server may keep less than it got. */
  async send(bytes: Uint8Array, first: number, options: CallOptions): Promise<SessionState> {
    const range = `bytes ${first}-${first + bytes.length - 1}/*`
    return await this.#put({ 'content-range': range }, [bytes], options)
  }

  /** Sends the last bytes, from `first` on, and the checksum that the whole object has to have. */
  async finish(
    bytes: Uint8Array,
    first: number,
    crc32c: string,
    options: CallOptions,
  ): Promise<SessionState> {
    const size = first + bytes.length
    const range = bytes.length === 0 ? `bytes */${size}` : `bytes ${first}-${size - 1}/${size}`
    return await this.#put({ 'content-range': range, 'x-goog-hash': `crc32c=${crc32c}` }, [bytes], options)
  }

  /** Asks how the upload stands. Without naming its size, which could finish it. */
  async state(options: CallOptions): Promise<SessionState> {
    return await this.#put({ 'content-range': 'bytes */*' }, [], options)
  }

  /** Ends the upload, and with it the session. One that is gone already is success. */
  async cancel({ signal }: CallOptions): Promise<void> {
    const request = { method: 'DELETE', url: this.#uri, body: [] } as const
    await this.#bucket.sendUnauthorized({ key: this.#key, signal }, request, goneStatuses, async (answer) => {
      answer.resume()
    })
  }

  async #put(
    headers: Record<string, string>,
    body: readonly Uint8Array[],
    { signal }: CallOptions,
  ): Promise<SessionState> {
    const about = { key: this.#key, signal, creates: true }
    const request = { method: 'PUT', url: this.#uri, headers, body } as const
    return await this.#bucket.sendUnauthorized(about, request, [resumeIncomplete, ...goneStatuses], stateOf)
  }
}

async function stateOf(answer: IncomingMessage): Promise<SessionState> {
  const { statusCode = 0, headers } = answer
  if (statusCode === resumeIncomplete || goneStatuses.includes(statusCode)) {
    answer.resume()
    return statusCode === resumeIncomplete ? { name: 'open', held: heldBy(headers.range) } : { name: 'gone' }
  }
  const { crc32c } = await jsonOf<{ crc32c?: string }>(answer)
  return { name: 'complete', crc32c }
}

/** `bytes=0-262143` holds 262,144; without a header, nothing arrived so far. */
function heldBy(range: string | undefined): number {
  if (range === undefined) return 0
  const [, last] = /^bytes=0-(\d+)$/.exec(range) ?? []
  if (last !== undefined) return Number(last) + 1
  throw new StorageError(`the server holds "${range}", which is no beginning`, { transient: false })
}
