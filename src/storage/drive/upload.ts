import { addLastCause } from '../../shared/errors.ts'
import { ObjectExistsError, StorageError } from '../errors.ts'
import { UploadMismatchError, type ResumableUpload } from '../resumable.ts'
import { retrying, type RetryPolicy } from '../retry.ts'
import type { CallOptions } from '../storage.ts'
import type { NewFile } from './client.ts'
import type { DriveFile } from './file.ts'
import { GrowingFile } from './growing.ts'
import { AlteredError, type DriveObjects } from './objects.ts'
import type { DriveSession } from './session.ts'

/** How long it may take to cancel a failed upload, in milliseconds. */
const cancelMs = 10_000

/** An upload that was begun, and how it stands. */
export interface Begun {
  key: string
  /** Where and under which id the file is to appear. */
  created: NewFile
  session: DriveSession
  token: string
  /** Of the object in bytes; undefined when all bytes that come make it. */
  size: number | undefined
  /** Bytes that Drive holds. */
  held: number
}

/** One process's hold on an upload in a session. */
export class DriveUpload implements ResumableUpload {
  readonly token: string
  readonly #objects: DriveObjects
  readonly #policy: RetryPolicy
  readonly #begun: Begun
  readonly #growing: GrowingFile
  /** What it became. */
  #file: DriveFile | undefined

  constructor(objects: DriveObjects, policy: RetryPolicy, begun: Begun) {
    this.token = begun.token
    this.#objects = objects
    this.#policy = policy
    this.#begun = begun
    this.#growing = new GrowingFile(begun.session, begun.key, begun.held, policy)
  }

  get held(): number {
    return this.#growing.held
  }

  async append(piece: Uint8Array, options: CallOptions): Promise<void> {
    options.signal?.throwIfAborted()
    const { size } = this.#begun
    const mayEnd = size === undefined || this.#growing.given + piece.length === size
    await this.#growing.append(piece, mayEnd, options)
  }

  /** Takes all the bytes at once, which stay untouched until it is complete: they go out in a single request then. */
  appendAll(bytes: Uint8Array): void {
    this.#growing.keep(bytes)
  }

  async complete(options: CallOptions): Promise<void> {
    options.signal?.throwIfAborted()
    const { key, created, size, held } = this.#begun
    const { given, sums } = this.#growing
    if (size !== undefined && given !== size) {
      const message = `${key} was to be completed with ${given} of ${size} bytes`
      throw new StorageError(message, { transient: false })
    }
    try {
      this.#file ??= await this.#finish(options)
      const file = this.#file
      await this.#objects.verify(key, created, file, sums)
      await this.#retrying(() => this.#objects.settle(key, created, file, options), options)
    } catch (error) {
      if (error instanceof ObjectExistsError) await this.abandonAfter(error)
      if (error instanceof AlteredError && held > 0) throw new UploadMismatchError(key)
      throw error
    }
  }

  async abandon({ signal }: CallOptions): Promise<void> {
    await this.#begun.session.cancel({ signal })
  }

  /** Gives up because of `error`. That this failed is told as the last cause of it, and never instead of it. */
  async abandonAfter(error: unknown): Promise<void> {
    try {
      await this.abandon({ signal: AbortSignal.timeout(cancelMs) })
    } catch (abandonError) {
      addLastCause(error, abandonError)
    }
  }

  /** The last bytes make the file appear, so it looks right before that whether the key is still free. */
  async #finish(options: CallOptions): Promise<DriveFile> {
    const { key, created } = this.#begun
    await this.#retrying(() => this.#objects.assertFree(key, created, options), options)
    try {
      return await this.#growing.finish(options)
    } catch (error) {
      throw await this.#objects.whyNot(key, created, error, options)
    }
  }

  async #retrying<T>(operation: () => Promise<T>, { signal }: CallOptions): Promise<T> {
    return await retrying(operation, { policy: this.#policy, signal })
  }
}
