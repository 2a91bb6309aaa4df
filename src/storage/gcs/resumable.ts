import { assertKey } from '../keys.ts'
import type { ResumableOptions, ResumableUploads } from '../resumable.ts'
import { retrying, type RetryPolicy } from '../retry.ts'
import type { CreateOptions } from '../storage.ts'
import type { GcsBucket } from './bucket.ts'
import { GcsSession, sessionUnit, startSession } from './session.ts'
import { GcsUpload } from './upload.ts'

/** Uploads as sessions, which Google keeps for a week. */
export class GcsResumableUploads implements ResumableUploads {
  readonly pieceUnit = sessionUnit
  readonly maxPieces = Infinity
  readonly #bucket: GcsBucket
  readonly #policy: RetryPolicy

  constructor(bucket: GcsBucket, policy: RetryPolicy) {
    this.#bucket = bucket
    this.#policy = policy
  }

  /** @param options without `size`, all bytes that come make the object. */
  async begin(key: string, options: CreateOptions & { size?: number | undefined }): Promise<GcsUpload> {
    assertKey(key)
    const start = () => startSession(this.#bucket, key, options)
    const uri = await retrying(start, { policy: this.#policy, signal: options.signal })
    return this.#upload(key, uri, { size: options.size, held: 0 })
  }

  async resume(key: string, token: string, options: ResumableOptions): Promise<GcsUpload | undefined> {
    assertKey(key)
    const uri = uriIn(token, key)
    if (uri === undefined || !this.#bucket.isOfService(uri)) return undefined
    const ask = () => new GcsSession(this.#bucket, key, uri).state(options)
    const state = await retrying(ask, { policy: this.#policy, signal: options.signal })
    if (state.name !== 'open') return undefined
    return this.#upload(key, uri, { size: options.size, held: state.held })
  }

  #upload(key: string, uri: URL, about: { size: number | undefined; held: number }): GcsUpload {
    return new GcsUpload(this.#bucket, this.#policy, { ...about, key, uri, token: tokenOf(uri, key) })
  }
}

/** A session's URI, and the key that it is for, which the URI need not tell. */
function tokenOf(uri: URL, key: string): string {
  return `${uri.href} ${key}`
}

function uriIn(token: string, key: string): URL | undefined {
  const uri = URL.parse(token.split(' ', 1)[0] ?? '')
  return uri !== null && token === tokenOf(uri, key) ? uri : undefined
}
