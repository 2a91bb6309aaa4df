/* Resumable uploads: https://cloud.google.com/storage/docs/performing-resumable-uploads */
import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { ApiError } from './answers.ts'
import type { Bucket, Checksums, Metadata, StoredObject } from './bucket.ts'

const unit = 256 * 1024

interface Session {
  bucket: Bucket
  metadata: Metadata
  query: URLSearchParams
  /** What is kept for good so far. */
  kept: Buffer[]
  held: number
  finished?: StoredObject
}

/** What a request to a session comes to: the finished object, or how many bytes are held. */
export type Progress = { object: StoredObject; query: URLSearchParams } | { held: number }

interface ContentRange {
  /** Undefined where the request holds no bytes. */
  first: number | undefined
  /** Undefined where the client does not know it yet. */
  total: number | undefined
  /** Whether the body ends the object. */
  ends: boolean
}

export class Sessions {
  readonly #open = new Map<string, Session>()
  readonly #cancelled = new Set<string>()

  /** @returns the id of a new session. */
  start(bucket: Bucket, metadata: Metadata, query: URLSearchParams): string {
    bucket.require('storage.objects.create', metadata.name)
    const id = randomBytes(48).toString('base64url')
    this.#open.set(id, { bucket, metadata, query, kept: [], held: 0 })
    return id
  }

  /** Names of the objects that are being uploaded. */
  unfinished(bucket: Bucket): string[] {
    const sessions = [...this.#open.values()].filter((one) => one.bucket === bucket && !one.finished)
    return sessions.map(({ metadata }) => metadata.name ?? '')
  }

  forget(): void {
    this.#open.clear()
  }

  cancel(id: string): never {
    if (this.#open.delete(id)) this.#cancelled.add(id)
    throw new ApiError(499, 'cancelled', 'Client Closed Request')
  }

  /**
   * Takes the body of a request to a session.
   * @param most how many bytes of it are kept at most: the server may keep less than it got.
   * @param isWhole whether the body came to its end.
   */
  put(id: string, headers: IncomingHttpHeaders, body: Buffer, { most = Infinity, isWhole = true }): Progress {
    const session = this.#open.get(id)
    if (this.#cancelled.has(id)) throw new ApiError(499, 'cancelled', 'Client Closed Request')
    if (session === undefined) throw new ApiError(404, 'notFound', 'Not Found')
    if (session.finished) return { object: session.finished, query: session.query }
    const range = contentRange(headers['content-range'], body.length)
    if (range.first !== undefined) keep(session, body, range, { most, isWhole: isWhole && most === Infinity })
    const total = range.ends && range.first !== undefined ? session.held : range.total
    if (!isWhole || most !== Infinity || !range.ends || total !== session.held) return { held: session.held }
    return { object: this.#finish(id, session, headers), query: session.query }
  }

  #finish(id: string, session: Session, headers: IncomingHttpHeaders): StoredObject {
    const { bucket, metadata, query, kept } = session
    this.#open.delete(id)
    const object = bucket.insert({ ...metadata, ...hashes(headers) }, Buffer.concat(kept), query)
    this.#open.set(id, { ...session, kept: [], finished: object })
    return object
  }
}

/** Bytes that are held already are passed over. Unless they end the object, only whole units are kept. */
function keep(
  session: Session,
  body: Buffer,
  { first = 0, ends }: ContentRange,
  { most, isWhole }: { most: number; isWhole: boolean },
): void {
  if (first > session.held)
    throw new ApiError(400, 'invalid', 'Invalid request. Bytes are missing before these.')
  const fresh = body.subarray(session.held - first, most)
  const taken = ends && isWhole ? fresh.length : fresh.length - ((session.held + fresh.length) % unit)
  if (taken <= 0) return
  session.kept.push(fresh.subarray(0, taken))
  session.held += taken
}

// bytes 0-9/* and bytes 0-9/10 hold bytes, bytes 0-*/10 all that are left, bytes */10 and bytes */* none; without the
// header, the body is the whole object.
function contentRange(header: string | undefined, length: number): ContentRange {
  if (header === undefined) return { first: 0, total: length, ends: true }
  const [, first = '', last = '', size = ''] = /^bytes (?:\*|(\d+)-(\d+|\*))\/(\d+|\*)$/.exec(header) ?? []
  if (size === '') throw new ApiError(400, 'invalid', `Failed to parse Content-Range header: ${header}`)
  const total = size === '*' ? undefined : Number(size)
  if (first === '') return { first: undefined, total, ends: total !== undefined }
  if (last === '*') return { first: Number(first), total, ends: true }
  return { first: Number(first), total, ends: total !== undefined && Number(last) + 1 === total }
}

/** `crc32c=...,md5=...` */
function hashes(headers: IncomingHttpHeaders): Checksums {
  const given = String(headers['x-goog-hash'] ?? '')
  const [, crc32c] = /crc32c=([^,\s]+)/.exec(given) ?? []
  const [, md5Hash] = /md5=([^,\s]+)/.exec(given) ?? []
  return { ...(crc32c && { crc32c }), ...(md5Hash && { md5Hash }) }
}
