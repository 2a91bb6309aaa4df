import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import { addLastCause } from '../../shared/errors.ts'
import { AccessDeniedError, ObjectExistsError, ObjectMissingError, StorageError } from '../errors.ts'
import { retrying, type RetryPolicy } from '../retry.ts'
import { bodyWithChecksum, checksumOf } from './body.ts'
import type { Operation, S3Bucket } from './bucket.ts'
import { exists, onlyCreating } from './creating.ts'
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
    const create = {
      ...bucket.creating(key, options.kind),
      ...(bucket.setup.checksum === 'sha256' && { ChecksumAlgorithm: 'SHA256' as const }),
    }
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
    const checksum = checksumOf(bytes, this.#bucket.setup.checksum)
    const { ETag } = await this.#call(options, (send) => {
      const body = bodyWithChecksum(bytes, checksum, this.#bucket.pace)
      const command = new UploadPartCommand({ ...this.#upload(), ...body, PartNumber: number })
      return this.#bucket.client.send(command, send)
    })
    return { PartNumber: number, ETag, ...('ChecksumSHA256' in checksum ? checksum : {}) }
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
        after = page.NextPartNumberMarker
        if (page.IsTruncated !== true || after === undefined) return held
      }
    } catch (error) {
      if (mustBeginAnew(error)) return undefined
      throw error
    }
  }

  /**
   * Makes the object of these parts.
   * @throws ObjectExistsError, and StorageError when the server wants all of it to begin anew.
   */
  async complete(parts: CompletedPart[], options: CallOptions): Promise<void> {
    const condition = await retrying(() => onlyCreating(this.#bucket, this.#key, 'complete', options), {
      policy: this.#policy,
      signal: options.signal,
    })
    const command = { ...this.#upload(), MultipartUpload: { Parts: parts }, ...condition }
    try {
      await this.#call({ ...options, completes: true }, (send) =>
        this.#bucket.client.send(new CompleteMultipartUploadCommand(command), send),
      )
    } catch (error) {
      throw mustBeginAnew(error) ? await this.#whatHappened(error, options) : error
    }
  }

  /** Removes the parts. That there are none any more is success. Ends within seconds, also after a cancellation. */
  async abort(): Promise<void> {
    const about = { key: this.#key, signal: AbortSignal.timeout(abandonMs) }
    const command = new AbortMultipartUploadCommand(this.#upload())
    try {
      await this.#bucket.call(about, (send) => this.#bucket.client.send(command, send))
    } catch (error) {
      if (!mustBeginAnew(error)) throw error
    }
  }

  /** The same after a failure. That it failed, too, is told as the last cause of `error`, never instead of it. */
  async abortAfter(error: unknown): Promise<void> {
    try {
      await this.abort()
    } catch (abortError) {
      addLastCause(error, abortError)
    }
  }

  /**
   * The error for an upload that could not be completed any more. An earlier try may have completed it whose answer was
   * lost: then the object is there. Credentials that may not look can't tell.
   */
  async #whatHappened(cause: unknown, options: CallOptions): Promise<unknown> {
    try {
      const found = await retrying(() => exists(this.#bucket, this.#key, options), {
        policy: this.#policy,
        signal: options.signal,
      })
      return found ? new ObjectExistsError(this.#key, { cause }) : cause
    } catch (error) {
      return error instanceof AccessDeniedError ? cause : error
    }
  }

  #upload() {
    return { ...this.#bucket.at(this.#key), UploadId: this.id }
  }

  async #call<T>(options: CallOptions & { completes?: boolean }, operation: Operation<T>): Promise<T> {
    const about = { key: this.#key, ...options }
    return retrying(() => this.#bucket.call(about, operation), {
      policy: this.#policy,
      signal: options.signal,
    })
  }
}

/**
 * Whether the upload can't go on: the server knows it no more (Ceph calls that a missing key), or says that another
 * request was in its way.
 */
export function mustBeginAnew(error: unknown): boolean {
  if (error instanceof ObjectMissingError) return true
  const name = error instanceof StorageError && error.cause instanceof Error ? error.cause.name : ''
  return name === 'NoSuchUpload' || name === 'ConditionalRequestConflict'
}
