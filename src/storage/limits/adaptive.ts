import { aroundUploads } from '../aroundUploads.ts'
import { StorageError } from '../errors.ts'
import { ForwardingStorage } from '../forward.ts'
import type { ResumableUploads } from '../resumable.ts'
import type { PutOptions, Storage, UploadOptions } from '../storage.ts'
import { Places } from './places.ts'
import { UploadWindow, type UploadEnd } from './window.ts'

/**
 * The same storage, with as many uploads at once as the link takes: see {@link UploadWindow}. It belongs below the retry
 * wrapper, so that an upload that waits for its next try is not under way.
 */
export function withAdaptiveUploads(inner: Storage, now: () => number = () => performance.now()): Storage {
  return new AdaptiveStorage(inner, now)
}

class AdaptiveStorage extends ForwardingStorage {
  readonly #window: UploadWindow
  readonly #places: Places
  readonly #now: () => number
  readonly #resumable: ResumableUploads | undefined

  constructor(inner: Storage, now: () => number) {
    super(inner)
    const { concurrency } = inner.capabilities
    this.#now = now
    this.#window = new UploadWindow(concurrency, now)
    this.#places = new Places(concurrency)
    this.#resumable =
      inner.resumable &&
      aroundUploads(inner.resumable, async (call, { sent, signal }) =>
        sent === 0 ? await call() : await this.#within(signal, () => ({ bytes: sent, idleMs: 0 }), call),
      )
  }

  override get resumable() {
    return this.#resumable
  }

  override async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    const told = () => ({ bytes: bytes.length, idleMs: 0 })
    await this.#within(options.signal, told, async () => await this.inner.put(key, bytes, options))
  }

  override async upload(
    key: string,
    source: AsyncIterable<Uint8Array>,
    options: UploadOptions,
  ): Promise<void> {
    const timed = new TimedSource(source, this.#now)
    await this.#within(
      options.signal,
      () => timed,
      async () => await this.inner.upload(key, timed, options),
    )
  }

  async #within<T>(
    signal: AbortSignal | undefined,
    sent: () => { bytes: number; idleMs: number },
    call: () => Promise<T>,
  ): Promise<T> {
    using _place = await this.#places.take(signal)
    const began = this.#now()
    const ended = (end: UploadEnd): void => {
      this.#window.ended(end, { began, among: this.#places.taken })
      this.#places.resize(this.#window.width)
    }
    try {
      const result = await call()
      const { bytes, idleMs } = sent()
      ended({ bytes, ms: this.#now() - began - idleMs })
      return result
    } catch (error) {
      if (error instanceof StorageError && error.transient) ended('congested')
      throw error
    }
  }
}

/** A source that knows how many bytes it gave, and how long it was waited for: that is not the link's fault. */
class TimedSource implements AsyncIterable<Uint8Array> {
  bytes = 0
  idleMs = 0
  readonly #source: AsyncIterable<Uint8Array>
  readonly #now: () => number

  constructor(source: AsyncIterable<Uint8Array>, now: () => number) {
    this.#source = source
    this.#now = now
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    let asked = this.#now()
    for await (const chunk of this.#source) {
      this.idleMs += this.#now() - asked
      this.bytes += chunk.length
      yield chunk
      asked = this.#now()
    }
  }
}
