/*
 * An upload in parts of its own making rather than the SDK's: each part is tried again by our policy, and parts of a
 * failed upload are gone before the caller hears of the failure.
 */
import type { CompletedPart } from '@aws-sdk/client-s3'
import type { Part } from '../bytes.ts'
import { StorageError } from '../errors.ts'
import type { RetryPolicy } from '../retry.ts'
import type { S3Bucket } from './bucket.ts'
import { maxParts, MultipartUpload } from './multipart.ts'
import type { CreateOptions } from '../storage.ts'

/** Size of the parts in bytes: the usual one, or as large as `size` needs it, where that is known. */
export function partSizeFor(size: number | undefined, usual: number): number {
  return Math.max(usual, Math.ceil((size ?? 0) / maxParts))
}

/**
 * Creates an object from parts, as many of them under way at once as the source of parts allows, and disposes of each. When it rejects, the parts are removed: what is left
 * after a failure of that, the bucket's rule for incomplete uploads removes.
 */
export async function uploadInParts(
  bucket: S3Bucket,
  key: string,
  parts: AsyncIterable<Part>,
  { policy, ...options }: CreateOptions & { policy: RetryPolicy },
): Promise<void> {
  const upload = await MultipartUpload.begin(bucket, key, policy, options)
  const sending = new SendingParts(key, upload, options.signal)
  try {
    for await (const part of parts) sending.add(part)
    await upload.complete(await sending.end(), options)
  } catch (error) {
    await sending.stop(error)
    await upload.abortAfter(error)
    throw error
  }
}

class SendingParts {
  readonly #key: string
  readonly #upload: MultipartUpload
  readonly #failure = new AbortController()
  readonly #signal: AbortSignal
  readonly #sending = new Set<Promise<void>>()
  readonly #sent: CompletedPart[] = []
  #count = 0

  constructor(key: string, upload: MultipartUpload, signal: AbortSignal | undefined) {
    this.#key = key
    this.#upload = upload
    this.#signal = AbortSignal.any([this.#failure.signal, ...(signal === undefined ? [] : [signal])])
  }

  /** Begins to send a part. It is disposed of once it was sent. @throws when any part failed so far. */
  add(part: Part): void {
    this.#count += 1
    const sending = this.#send(this.#count, part.bytes)
      .catch((error: unknown) => this.#failure.abort(error))
      .finally(() => {
        part[Symbol.dispose]()
        this.#sending.delete(sending)
      })
    this.#sending.add(sending)
    this.#signal.throwIfAborted()
  }

  /** Waits for all of them. @returns them in their order. */
  async end(): Promise<CompletedPart[]> {
    await Promise.all(this.#sending)
    this.#signal.throwIfAborted()
    return this.#sent
  }

  async stop(reason: unknown): Promise<void> {
    this.#failure.abort(reason)
    await Promise.all(this.#sending)
  }

  async #send(number: number, bytes: Uint8Array): Promise<void> {
    if (number > maxParts) {
      throw new StorageError(`${this.#key} needs more than ${maxParts} parts`, {
        transient: false,
        hint: 'A stream whose size is not known beforehand can only be so long.',
      })
    }
    this.#sent[number - 1] = await this.#upload.send(number, bytes, { signal: this.#signal })
  }
}
