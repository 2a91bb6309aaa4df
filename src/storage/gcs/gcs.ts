import type { IncomingMessage } from 'node:http'
import { Semaphore } from '../../shared/semaphore.ts'
import { inBlocks } from '../blocks.ts'
import { checkedSource, inParts, rangeWithin } from '../bytes.ts'
import { ObjectExistsError, StorageError } from '../errors.ts'
import { assertKey, assertPrefix, isKey } from '../keys.ts'
import type { Pace } from '../limits/throttle.ts'
import type { GcsOptions } from '../options.ts'
import { defaultRetryPolicy, retrying, type RetryPolicy } from '../retry.ts'
import type {
  CallOptions,
  Capabilities,
  ListedObject,
  ListOptions,
  PutOptions,
  ReadOptions,
  Storage,
  UploadOptions,
} from '../storage.ts'
import { GcsBucket } from './bucket.ts'
import { Crc32c } from './crc32c.ts'
import { createObject } from './create.ts'
import { GcsResumableUploads } from './resumable.ts'
import { GcsTrial } from './trial.ts'
import type { GcsUpload } from './upload.ts'

/** Of all uploads together: while one is sent, others are filled. */
const partsInMemory = 3

/** How long a server's failures are borne. */
export interface GcsPatience {
  /** For the parts of an upload: whole calls are tried again by the wrapper of retry.ts. */
  retry: RetryPolicy
  /** Milliseconds without any progress after which a connection is given up. */
  idleMs: number
}

/**
 * Opens a bucket. Nothing is asked of the server yet.
 * @param pace what bodies go out by.
 * @throws UserError for credentials that are none.
 */
export function openGcs(
  options: GcsOptions,
  { retry, idleMs }: GcsPatience = { retry: defaultRetryPolicy, idleMs: 60_000 },
  pace?: Pace,
): Storage {
  return new GcsStorage(new GcsBucket(options, idleMs, pace), retry)
}

/** Objects below a prefix of a bucket. Every create is conditional (`ifGenerationMatch=0`) and carries its CRC-32C. */
class GcsStorage implements Storage {
  readonly capabilities: Capabilities = {
    atomicCreate: true,
    durable: true,
    checksum: 'crc32c',
    partSize: 8 * 1024 * 1024,
    concurrency: 16,
    reopenable: true,
  }
  readonly location: string
  readonly resumable: GcsResumableUploads
  readonly trial: GcsTrial
  readonly #bucket: GcsBucket
  readonly #policy: RetryPolicy
  readonly #partMemory = new Semaphore(partsInMemory)

  constructor(bucket: GcsBucket, policy: RetryPolicy) {
    this.location = bucket.location
    this.resumable = new GcsResumableUploads(bucket, policy)
    this.trial = new GcsTrial(bucket)
    this.#bucket = bucket
    this.#policy = policy
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    assertKey(key)
    await createObject(this.#bucket, key, bytes, options)
  }

  async upload(key: string, source: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<void> {
    assertKey(key)
    const { partSize } = this.capabilities
    let upload: GcsUpload | undefined
    try {
      for await (const part of inParts(checkedSource(key, source, options), partSize, this.#partMemory)) {
        using taken = part
        // A short part is the last one: the source has ended well.
        if (!upload && taken.bytes.length < partSize) return await this.#putAll(key, taken.bytes, options)
        upload ??= await this.resumable.begin(key, options)
        await upload.append(taken.bytes, options)
      }
      await (upload ? upload.complete(options) : this.#putAll(key, new Uint8Array(0), options))
    } catch (error) {
      // An upload to a taken key was abandoned already.
      if (!(error instanceof ObjectExistsError)) await upload?.abandonAfter(error)
      throw error
    }
  }

  async *read(key: string, { range, signal }: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    assertKey(key)
    if (range?.length === 0) {
      // HTTP has no empty range, but whether it begins within the object still has to be told.
      rangeWithin(key, (await this.stat(key, { signal })).size, range)
      return
    }
    const about = { key, signal, offset: range?.offset }
    const url = this.#bucket.objectUrl(key, { alt: 'media' })
    const headers = range && { range: httpRange(range) }
    const answer = await this.#bucket.send(about, { method: 'GET', url, headers })
    const length = expectedLength(key, answer, range)
    const crc = range === undefined ? new Crc32c() : undefined
    let given = 0
    try {
      for await (const chunk of inBlocks(answer, length)) {
        crc?.update(chunk)
        given += chunk.length
        yield chunk
      }
    } catch (error) {
      throw this.#bucket.error(error, about)
    }
    if (given !== length) {
      throw new StorageError(`${key} ended after ${given} of ${length} bytes`, { transient: true })
    }
    assertChecksum(key, answer, crc)
  }

  async stat(key: string, { signal }: CallOptions = {}): Promise<{ size: number }> {
    assertKey(key)
    const url = this.#bucket.objectUrl(key, { fields: 'size' })
    const { size } = await this.#bucket.json<{ size?: string }>({ key, signal }, { method: 'GET', url })
    return { size: Number(size) }
  }

  async *list(prefix: string, { after = '', signal }: ListOptions = {}): AsyncGenerator<ListedObject> {
    assertPrefix(prefix)
    const root = this.#bucket.prefix
    const query = {
      prefix: root + prefix,
      ...(after && { startOffset: root + after }),
      fields: 'items(name,size),nextPageToken',
    }
    for (let pageToken: string | undefined = ''; pageToken !== undefined;) {
      const url = this.#bucket.objectsUrl({ ...query, ...(pageToken && { pageToken }) })
      const page: ListPage = await this.#bucket.json({ key: prefix, signal }, { method: 'GET', url })
      for (const { name, size } of page.items ?? []) {
        signal?.throwIfAborted()
        const key = name.slice(root.length)
        // The offset itself is listed, too.
        if (isKey(key) && key > after) yield { key, size: Number(size) }
      }
      pageToken = page.nextPageToken
    }
  }

  async close(): Promise<void> {
    this.#bucket.close()
  }

  async #putAll(key: string, bytes: Uint8Array, { kind, signal }: UploadOptions): Promise<void> {
    await retrying(() => this.put(key, bytes, { kind, signal }), { policy: this.#policy, signal })
  }
}

interface ListPage {
  items?: { name: string; size: string }[]
  nextPageToken?: string
}

function httpRange({ offset, length }: NonNullable<ReadOptions['range']>): string {
  return `bytes=${offset}-${offset + length - 1}`
}

/** @throws StorageError when the server answered with other bytes than those asked for. */
function expectedLength(key: string, answer: IncomingMessage, range: ReadOptions['range']): number {
  const { 'content-length': length, 'content-range': given } = answer.headers
  if (range === undefined && answer.statusCode === 200 && length !== undefined) return Number(length)
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(given ?? '') ?? []
  const end = Math.min((range?.offset ?? 0) + (range?.length ?? 0), Number(size))
  if (range !== undefined && Number(first) === range.offset && Number(last) + 1 === end) {
    return end - range.offset
  }
  answer.destroy()
  const asked = range === undefined ? 'the whole object' : httpRange(range)
  const what = given ?? `${length ?? 'an unknown number of'} bytes`
  throw new StorageError(`the server gave ${what} of ${key}, not ${asked}`, { transient: false })
}

/**
 * Holds a whole object against the checksum that came with it. What differs can't be read from where it broke off, so
 * that is not transient.
 */
function assertChecksum(key: string, answer: IncomingMessage, crc: Crc32c | undefined): void {
  if (crc === undefined) return
  const [, expected] = /(?:^|,\s*)crc32c=([^,\s]+)/.exec(String(answer.headers['x-goog-hash'] ?? '')) ?? []
  if (expected === undefined || expected === crc.base64) return
  throw new StorageError(`${key} came with another CRC-32C than the server has of it`, { transient: false })
}
