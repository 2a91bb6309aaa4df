import type {
  CallOptions,
  ListedObject,
  ListOptions,
  PutOptions,
  ReadOptions,
  Storage,
  UploadOptions,
} from './storage.ts'

/**
 * The same storage with at most `concurrency` calls under way at once; others wait for their turn, in order. A read or
 * list takes its place with the first chunk that is asked for, and holds it to the stream's end: code that makes
 * a call while it holds a stream open needs two places.
 */
export function withLimit(inner: Storage, concurrency = inner.capabilities.concurrency): Storage {
  return new LimitedStorage(inner, concurrency)
}

class LimitedStorage implements Storage {
  readonly #inner: Storage
  readonly #places: Places

  constructor(inner: Storage, concurrency: number) {
    this.#inner = inner
    this.#places = new Places(concurrency)
  }

  get capabilities() {
    return this.#inner.capabilities
  }

  get location() {
    return this.#inner.location
  }

  get resumable() {
    return this.#inner.resumable
  }

  get leftovers() {
    return this.#inner.leftovers
  }

  get thawing() {
    return this.#inner.thawing
  }

  get trial() {
    return this.#inner.trial
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    using _place = await this.#places.take(options.signal)
    await this.#inner.put(key, bytes, options)
  }

  async upload(key: string, source: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<void> {
    using _place = await this.#places.take(options.signal)
    await this.#inner.upload(key, source, options)
  }

  async *read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    using _place = await this.#places.take(options.signal)
    yield* this.#inner.read(key, options)
  }

  async stat(key: string, options: CallOptions = {}): Promise<{ size: number }> {
    using _place = await this.#places.take(options.signal)
    return await this.#inner.stat(key, options)
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ListedObject> {
    using _place = await this.#places.take(options.signal)
    yield* this.#inner.list(prefix, options)
  }

  async close(): Promise<void> {
    await this.#inner.close()
  }
}

/** A semaphore. */
class Places {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(count: number) {
    this.#free = count
  }

  /** A place, given back by disposing of it. @throws the signal's reason when it aborts before there is one. */
  async take(signal: AbortSignal | undefined): Promise<Disposable> {
    signal?.throwIfAborted()
    if (this.#free > 0) this.#free -= 1
    else await this.#turn(signal)
    return { [Symbol.dispose]: () => this.#giveBack() }
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = () => {
      this.#waiting.delete(resolve)
      reject(signal?.reason)
    }
    this.#waiting.add(resolve)
    signal?.addEventListener('abort', leave, { once: true })
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }

  #giveBack(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#free += 1
      return
    }
    this.#waiting.delete(next)
    next()
  }
}
