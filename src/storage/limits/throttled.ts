import { aroundThawing } from '../aroundThawing.ts'
import { aroundUploads } from '../aroundUploads.ts'
import { ForwardingStorage } from '../forward.ts'
import type { ResumableUploads } from '../resumable.ts'
import type {
  CallOptions,
  ListedObject,
  ListOptions,
  PutOptions,
  ReadOptions,
  Storage,
  UploadOptions,
} from '../storage.ts'
import type { Thawing } from '../thawing.ts'
import type { Throttle } from './throttle.ts'

/** Objects that a server usually lists in one answer. */
const listedAtOnce = 1000

/**
 * The same storage within limits. What is read is paced chunk by chunk, and so is the source of an upload; a body in
 * memory, and a piece of a resumable upload, waits for all of its bytes before the first leaves, unless its backend
 * paces them itself on their way.
 * Requests are counted as the calls are: an upload makes one for each part, a listing one for a thousand objects.
 * @param pacesBodies whether the backend takes from `throttle.upload` what it sends: nothing is waited for here then.
 */
export function throttled(
  inner: Storage,
  throttle: Throttle,
  { pacesBodies }: { pacesBodies: boolean },
): Storage {
  return new ThrottledStorage(inner, throttle, pacesBodies)
}

class ThrottledStorage extends ForwardingStorage {
  readonly #throttle: Throttle
  readonly #pacesBodies: boolean
  readonly #resumable: ResumableUploads | undefined
  readonly #thawing: Thawing | undefined

  constructor(inner: Storage, throttle: Throttle, pacesBodies: boolean) {
    super(inner)
    this.#throttle = throttle
    this.#pacesBodies = pacesBodies
    this.#resumable =
      inner.resumable &&
      aroundUploads(inner.resumable, async (call, { sent, signal }) => {
        using _place = await this.#throttle.transfer(signal)
        await this.#pay(sent, signal)
        return await call()
      })
    this.#thawing =
      inner.thawing &&
      aroundThawing(inner.thawing, async (call, { signal }) => {
        await this.#throttle.request(signal)
        return await call()
      })
  }

  override get resumable() {
    return this.#resumable
  }

  override get thawing() {
    return this.#thawing
  }

  override async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    using _place = await this.#throttle.transfer(options.signal)
    await this.#pay(bytes.length, options.signal)
    await this.inner.put(key, bytes, options)
  }

  override async upload(
    key: string,
    source: AsyncIterable<Uint8Array>,
    options: UploadOptions,
  ): Promise<void> {
    using _place = await this.#throttle.transfer(options.signal)
    await this.inner.upload(key, this.#paced(source, options), options)
  }

  override async *read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    using _place = await this.#throttle.transfer(options.signal)
    await this.#throttle.request(options.signal)
    for await (const chunk of this.inner.read(key, options)) {
      await this.#throttle.download.take(chunk.length, options.signal)
      yield chunk
    }
  }

  override async stat(key: string, options: CallOptions = {}): Promise<{ size: number }> {
    await this.#throttle.request(options.signal)
    return await this.inner.stat(key, options)
  }

  override async *list(
    prefix: string,
    options: ListOptions = {},
  ): AsyncGenerator<ListedObject, void, undefined> {
    await this.#throttle.request(options.signal)
    let listed = 0
    for await (const object of this.inner.list(prefix, options)) {
      yield object
      listed += 1
      if (listed % listedAtOnce === 0) await this.#throttle.request(options.signal)
    }
  }

  async #pay(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#throttle.request(signal)
    if (!this.#pacesBodies) await this.#throttle.upload.take(bytes, signal)
  }

  async *#paced(
    source: AsyncIterable<Uint8Array>,
    { signal }: CallOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { partSize } = this.capabilities
    await this.#throttle.request(signal)
    let given = 0
    let requested = partSize
    for await (const chunk of source) {
      given += chunk.length
      for (; requested < given; requested += partSize) await this.#throttle.request(signal)
      if (!this.#pacesBodies) await this.#throttle.upload.take(chunk.length, signal)
      yield chunk
    }
  }
}
