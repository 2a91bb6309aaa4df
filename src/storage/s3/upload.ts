/*
 * An upload in parts of its own making rather than the SDK's: each part is tried again by our policy, parts of a
 * failed upload are gone before the caller hears of the failure, and whoever resumes an upload will need its id.
 */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Part } from '../bytes.ts'
import { ObjectExistsError, ObjectMissingError, StorageError } from '../errors.ts'
import { retrying, type RetryPolicy } from '../retry.ts'
import type { Operation, S3Bucket } from './bucket.ts'
import type { CreateOptions } from '../storage.ts'

/** S3's own limit. */
const maxParts = 10_000
/** How much of a body is handed to the connection at once, in bytes. */
const sliceSize = 64 * 1024
/** How long the parts of a failed upload may take to be removed, in milliseconds. */
const abandonMs = 10_000

/** Size of the parts in bytes: the usual one, or as large as `size` needs it, where that is known. */
export function partSizeFor(size: number | undefined, usual: number): number {
  return Math.max(usual, Math.ceil((size ?? 0) / maxParts))
}

/**
 * The parameters of a body with the checksum that the server holds it to. They are good for one try: the body is a
 * stream over the bytes, because TLS would encrypt a whole buffer, a second copy of it, before the first byte leaves.
 */
export function bodyWithChecksum(bytes: Uint8Array, sha256: Uint8Array = hash('sha256', bytes, 'buffer')) {
  return {
    Body: Readable.from(slicesOf(bytes), { objectMode: false }),
    ContentLength: bytes.length,
    ChecksumAlgorithm: 'SHA256',
    ChecksumSHA256: Buffer.from(sha256).toString('base64'),
  } as const
}

function* slicesOf(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += sliceSize) yield bytes.subarray(at, at + sliceSize)
}

/**
 * Creates an object from parts, as many of them under way at once as the source of parts allows, and disposes of each. When it rejects, the parts are removed: what is left
 * after a failure of that, the bucket's rule for incomplete uploads removes.
 */
export async function uploadInParts(
  bucket: S3Bucket,
  key: string,
  parts: AsyncIterable<Part>,
  options: CreateOptions & { policy: RetryPolicy },
): Promise<void> {
  const upload = await MultipartUpload.begin(bucket, key, options)
  try {
    for await (const part of parts) upload.add(part)
    await upload.complete()
  } catch (error) {
    await upload.abandon(error)
    throw error
  }
}

class MultipartUpload {
  readonly #bucket: S3Bucket
  readonly #key: string
  readonly #id: string
  readonly #policy: RetryPolicy
  readonly #failure = new AbortController()
  readonly #signal: AbortSignal
  readonly #sending = new Set<Promise<void>>()
  readonly #parts: CompletedPart[] = []

  static async begin(
    bucket: S3Bucket,
    key: string,
    options: CreateOptions & { policy: RetryPolicy },
  ): Promise<MultipartUpload> {
    const create = { ...bucket.creating(key, options), ChecksumAlgorithm: 'SHA256' } as const
    const begin = () =>
      bucket.call({ key, signal: options.signal }, (send) =>
        bucket.client.send(new CreateMultipartUploadCommand(create), send),
      )
    const { UploadId: id } = await retrying(begin, { policy: options.policy, signal: options.signal })
    if (id === undefined) throw new StorageError(`the server gave no id for ${key}`, { transient: false })
    return new MultipartUpload(bucket, key, id, options)
  }

  private constructor(
    bucket: S3Bucket,
    key: string,
    id: string,
    { signal, policy }: CreateOptions & { policy: RetryPolicy },
  ) {
    this.#bucket = bucket
    this.#key = key
    this.#id = id
    this.#policy = policy
    this.#signal = AbortSignal.any([this.#failure.signal, ...(signal === undefined ? [] : [signal])])
  }

  /** Begins to send a part. It is disposed of once it was sent. @throws when any part failed so far. */
  add(part: Part): void {
    const sent: CompletedPart = { PartNumber: this.#parts.length + 1 }
    this.#parts.push(sent)
    const sending = this.#send(sent, part.bytes)
      .catch((error: unknown) => this.#failure.abort(error))
      .finally(() => {
        part[Symbol.dispose]()
        this.#sending.delete(sending)
      })
    this.#sending.add(sending)
    this.#signal.throwIfAborted()
  }

  async complete(): Promise<void> {
    await Promise.all(this.#sending)
    this.#signal.throwIfAborted()
    const command = { ...this.#upload(), MultipartUpload: { Parts: this.#parts }, IfNoneMatch: '*' }
    try {
      await this.#call((send) => this.#bucket.client.send(new CompleteMultipartUploadCommand(command), send))
    } catch (error) {
      throw isUploadGone(error) ? await this.#whatHappened(error) : error
    }
  }

  /** Stops sending and removes the parts. That it failed is told as the last cause of `error`, never instead of it. */
  async abandon(error: unknown): Promise<void> {
    this.#failure.abort(error)
    await Promise.all(this.#sending)
    const about = { key: this.#key, signal: AbortSignal.timeout(abandonMs) }
    const command = new AbortMultipartUploadCommand(this.#upload())
    try {
      await this.#bucket.call(about, (send) => this.#bucket.client.send(command, send))
    } catch (abandonError) {
      if (!isUploadGone(abandonError)) rootCause(error).cause = abandonError
    }
  }

  async #send(part: CompletedPart, bytes: Uint8Array): Promise<void> {
    if (this.#parts.length > maxParts) {
      throw new StorageError(`${this.#key} needs more than ${maxParts} parts`, {
        transient: false,
        hint: 'A stream whose size is not known beforehand can only be so long.',
      })
    }
    const sha256 = hash('sha256', bytes, 'buffer')
    const { ETag } = await this.#call((send) => {
      const body = bodyWithChecksum(bytes, sha256)
      const command = new UploadPartCommand({ ...this.#upload(), ...body, PartNumber: part.PartNumber })
      return this.#bucket.client.send(command, send)
    })
    part.ETag = ETag
    part.ChecksumSHA256 = sha256.toString('base64')
  }

  /**
   * The error for an upload that was gone when it was to be completed. An earlier try may have completed it whose
   * answer was lost: then the object is there.
   */
  async #whatHappened(cause: unknown): Promise<unknown> {
    try {
      await this.#call((send) =>
        this.#bucket.client.send(new HeadObjectCommand(this.#bucket.at(this.#key)), send),
      )
      return new ObjectExistsError(this.#key, { cause })
    } catch (error) {
      return error instanceof ObjectMissingError ? cause : error
    }
  }

  #upload() {
    return { ...this.#bucket.at(this.#key), UploadId: this.#id }
  }

  async #call<T>(operation: Operation<T>): Promise<T> {
    const about = { key: this.#key, signal: this.#signal }
    return retrying(() => this.#bucket.call(about, operation), {
      policy: this.#policy,
      signal: this.#signal,
    })
  }
}

function isUploadGone(error: unknown): boolean {
  return error instanceof StorageError && error.cause instanceof Error && error.cause.name === 'NoSuchUpload'
}

/** The error at the end of the chain of causes. */
function rootCause(error: unknown): Error {
  let root = error instanceof Error ? error : new Error(String(error))
  while (root.cause instanceof Error) root = root.cause
  return root
}
