import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import { hash } from 'node:crypto'
import { ObjectExistsError, ObjectMissingError, StorageError } from '../errors.ts'
import { retrying, type RetryPolicy } from '../retry.ts'
import { bodyWithChecksum } from './body.ts'
import type { Operation, S3Bucket } from './bucket.ts'
import type { CallOptions, CreateOptions } from '../storage.ts'

/** S3's own limits: how many parts, and how small every part but the last may be, in bytes. */
export const maxParts = 10_000
export const minPartSize = 5 * 1024 * 1024
/** How long the parts of a failed upload may take to be removed, in milliseconds. */
const abandonMs = 10_000

/** A part that the server holds. */
export interface HeldPart {
  size: number
  etag: string
  /** Base64; undefined where the server keeps none. */
  sha256: string | undefined
}

/** The calls of one multipart upload. Each is tried again by the policy, because a source of parts is read only once. */
export class MultipartUpload {
  readonly id: string
  readonly #bucket: S3Bucket
  readonly #key: string
  readonly #policy: RetryPolicy

  static async begin(
    bucket: S3Bucket,
    key: string,
    policy: RetryPolicy,
    options: CreateOptions,
  ): Promise<MultipartUpload> {
    const create = { ...bucket.creating(key, options), ChecksumAlgorithm: 'SHA256' } as const
    const begin = () =>
      bucket.call({ key, signal: options.signal }, (send) =>
        bucket.client.send(new CreateMultipartUploadCommand(create), send),
      )
    const { UploadId: id } = await retrying(begin, { policy, signal: options.signal })
    if (id === undefined) throw new StorageError(`the server gave no id for ${key}`, { transient: false })
    return new MultipartUpload(bucket, key, policy, id)
  }

  constructor(bucket: S3Bucket, key: string, policy: RetryPolicy, id: string) {
    this.#bucket = bucket
    this.#key = key
    this.#policy = policy
    this.id = id
  }

  /** Sends a part, with numbers from 1 on. @returns what `complete` has to be told of it. */
  async send(number: number, bytes: Uint8Array, options: CallOptions): Promise<CompletedPart> {
    const sha256 = hash('sha256', bytes, 'buffer')
    const { ETag } = await this.#call(options, (send) => {
      const body = bodyWithChecksum(bytes, sha256)
      const command = new UploadPartCommand({ ...this.#upload(), ...body, PartNumber: number })
      return this.#bucket.client.send(command, send)
    })
    return { PartNumber: number, ETag, ChecksumSHA256: sha256.toString('base64') }
  }

  /** The parts that the server holds by their numbers; undefined when it does not know the upload. */
  async held(options: CallOptions): Promise<Map<number, HeldPart> | undefined> {
    const held = new Map<number, HeldPart>()
    try {
      // Not the SDK's paginator: it goes by the marker alone, which servers give behind the last page as well.
      for (let after: string | undefined; ;) {
        const page = await this.#call(options, (send) =>
          this.#bucket.client.send(
            new ListPartsCommand({ ...this.#upload(), PartNumberMarker: after }),
            send,
          ),
        )
        for (const { PartNumber = 0, Size = 0, ETag = '', ChecksumSHA256 } of page.Parts ?? []) {
          held.set(PartNumber, { size: Size, etag: ETag, sha256: ChecksumSHA256 })
        }
        if (page.IsTruncated !== true) return held
        after = page.NextPartNumberMarker
      }
    } catch (error) {
      if (isUploadGone(error)) return undefined
      throw error
    }
  }

  /** Makes the object of these parts. @throws ObjectExistsError */
  async complete(parts: CompletedPart[], options: CallOptions): Promise<void> {
    const command = { ...this.#upload(), MultipartUpload: { Parts: parts }, IfNoneMatch: '*' }
    try {
      await this.#call(options, (send) =>
        this.#bucket.client.send(new CompleteMultipartUploadCommand(command), send),
      )
    } catch (error) {
      throw isUploadGone(error) ? await this.#whatHappened(error, options) : error
    }
  }

  /** Removes the parts. That there are none any more is success. Ends within seconds, also after a cancellation. */
  async abort(): Promise<void> {
    const about = { key: this.#key, signal: AbortSignal.timeout(abandonMs) }
    const command = new AbortMultipartUploadCommand(this.#upload())
    try {
      await this.#bucket.call(about, (send) => this.#bucket.client.send(command, send))
    } catch (error) {
      if (!isUploadGone(error)) throw error
    }
  }

  /** The same after a failure. That it failed, too, is told as the last cause of `error`, never instead of it. */
  async abortAfter(error: unknown): Promise<void> {
    try {
      await this.abort()
    } catch (abortError) {
      rootCause(error).cause = abortError
    }
  }

  /**
   * The error for an upload that was gone when it was to be completed. An earlier try may have completed it whose
   * answer was lost: then the object is there.
   */
  async #whatHappened(cause: unknown, options: CallOptions): Promise<unknown> {
    try {
      await this.#call(options, (send) =>
        this.#bucket.client.send(new HeadObjectCommand(this.#bucket.at(this.#key)), send),
      )
      return new ObjectExistsError(this.#key, { cause })
    } catch (error) {
      return error instanceof ObjectMissingError ? cause : error
    }
  }

  #upload() {
    return { ...this.#bucket.at(this.#key), UploadId: this.id }
  }

  async #call<T>({ signal }: CallOptions, operation: Operation<T>): Promise<T> {
    const about = { key: this.#key, signal }
    return retrying(() => this.#bucket.call(about, operation), { policy: this.#policy, signal })
  }
}

/** Whether the server knew the upload no more. Ceph then calls it the key that is missing. */
export function isUploadGone(error: unknown): boolean {
  if (error instanceof ObjectMissingError) return true
  return error instanceof StorageError && error.cause instanceof Error && error.cause.name === 'NoSuchUpload'
}

/** The error at the end of the chain of causes. */
function rootCause(error: unknown): Error {
  let root = error instanceof Error ? error : new Error(String(error))
  while (root.cause instanceof Error) root = root.cause
  return root
}
