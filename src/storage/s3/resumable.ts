/* A multipart upload that another process can go on with: one part for each piece, in order, known again by its hash. */
import type { CompletedPart } from '@aws-sdk/client-s3'
import { hash } from 'node:crypto'
import { AccessDeniedError, ObjectExistsError, StorageError } from '../errors.ts'
import { assertKey } from '../keys.ts'
import {
  UploadGoneError,
  UploadMismatchError,
  type ResumableOptions,
  type ResumableUpload,
  type ResumableUploads,
} from '../resumable.ts'
import type { RetryPolicy } from '../retry.ts'
import type { CallOptions } from '../storage.ts'
import type { S3Bucket } from './bucket.ts'
import { mustBeginAnew, maxParts, minPartSize, MultipartUpload, type HeldPart } from './multipart.ts'

export class S3ResumableUploads implements ResumableUploads {
  readonly pieceUnit = 1
  readonly maxPieces = maxParts
  readonly #bucket: S3Bucket
  readonly #policy: RetryPolicy

  constructor(bucket: S3Bucket, policy: RetryPolicy) {
    this.#bucket = bucket
    this.#policy = policy
  }

  async begin(key: string, options: ResumableOptions): Promise<ResumableUpload> {
    assertPieces(key, options)
    const upload = await MultipartUpload.begin(this.#bucket, key, this.#policy, options)
    return new S3ResumableUpload(key, upload, new Map(), options)
  }

  /**
   * As the contract says. Credentials that may not list parts (`s3:ListMultipartUploadParts`) can't learn what is there,
   * so for them it is as if nothing were.
   */
  async resume(key: string, token: string, options: ResumableOptions): Promise<ResumableUpload | undefined> {
    assertPieces(key, options)
    if (!/^[!-~]+$/.test(token)) return undefined
    const upload = new MultipartUpload(this.#bucket, key, this.#policy, token)
    try {
      const held = await upload.held(options)
      return held && new S3ResumableUpload(key, upload, held, options)
    } catch (error) {
      if (error instanceof AccessDeniedError) return undefined
      throw error
    }
  }
}

class S3ResumableUpload implements ResumableUpload {
  readonly token: string
  readonly held: number
  readonly #key: string
  readonly #upload: MultipartUpload
  readonly #size: number
  readonly #held: ReadonlyMap<number, HeldPart>
  readonly #parts: CompletedPart[] = []
  #appended = 0

  constructor(
    key: string,
    upload: MultipartUpload,
    held: ReadonlyMap<number, HeldPart>,
    { size }: ResumableOptions,
  ) {
    this.token = upload.id
    this.held = sizeOfRun(held)
    this.#key = key
    this.#upload = upload
    this.#size = size
    this.#held = held
  }

  async append(piece: Uint8Array, { signal }: CallOptions): Promise<void> {
    signal?.throwIfAborted()
    const number = this.#parts.length + 1
    const held = this.#held.get(number)
    this.#parts.push(
      held === undefined
        ? await this.#ongoing(this.#upload.send(number, piece, { signal }))
        : heldAlready(this.#key, number, piece, held),
    )
    this.#appended += piece.length
  }

  async complete({ signal }: CallOptions): Promise<void> {
    // S3 makes no object of no part.
    if (this.#size === 0 && this.#parts.length === 0) await this.append(new Uint8Array(0), { signal })
    if (this.#appended !== this.#size) {
      const what = `${this.#key} was to be completed with ${this.#appended} of ${this.#size} bytes`
      throw new StorageError(what, { transient: false })
    }
    try {
      await this.#ongoing(this.#upload.complete(this.#parts, { signal }))
    } catch (error) {
      const over = error instanceof ObjectExistsError || error instanceof UploadGoneError
      if (over) await this.#upload.abortAfter(error)
      throw error
    }
  }

  async abandon(): Promise<void> {
    try {
      await this.#upload.abort()
    } catch (error) {
      if (!(error instanceof AccessDeniedError)) throw error
    }
  }

  async #ongoing<T>(call: Promise<T>): Promise<T> {
    try {
      return await call
    } catch (error) {
      throw mustBeginAnew(error) ? new UploadGoneError(this.#key, { cause: error }) : error
    }
  }
}

/** What completing needs to know of a part that is not sent again. @throws UploadMismatchError */
function heldAlready(key: string, number: number, piece: Uint8Array, held: HeldPart): CompletedPart {
  if (!isHeldPart(piece, held)) throw new UploadMismatchError(key)
  return { PartNumber: number, ETag: held.etag, ...(held.sha256 && { ChecksumSHA256: held.sha256 }) }
}

/** Whether a part holds these bytes. Where the server kept no SHA-256 of it, its ETag is the MD5. */
export function isHeldPart(bytes: Uint8Array, { size, sha256, etag }: HeldPart): boolean {
  if (size !== bytes.length) return false
  if (sha256 !== undefined) return sha256 === hash('sha256', bytes, 'base64')
  return etag.replaceAll('"', '') === hash('md5', bytes)
}

/** Bytes in the parts from the first one up to the first gap. */
function sizeOfRun(held: ReadonlyMap<number, HeldPart>): number {
  let size = 0
  for (let number = 1; ; number++) {
    const part = held.get(number)
    if (part === undefined) return size
    size += part.size
  }
}

/** @throws Error for pieces that S3 would refuse only when all of them were sent. */
function assertPieces(key: string, { size, pieceSize }: ResumableOptions): void {
  assertKey(key)
  if (size > pieceSize && pieceSize < minPartSize) {
    throw new Error(`pieces of ${pieceSize} bytes are too small for S3, which takes ${minPartSize} and more`)
  }
  if (size > pieceSize * maxParts) throw new Error(`${size} bytes are too many for pieces of ${pieceSize}`)
}
