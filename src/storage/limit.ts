import { aroundUploads } from './aroundUploads.ts'
import { ForwardingStorage } from './forward.ts'
import { Places } from './limits/places.ts'
import type { ResumableUploads } from './resumable.ts'
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

class LimitedStorage extends ForwardingStorage {
  readonly #places: Places
  readonly #resumable: ResumableUploads | undefined

  constructor(inner: Storage, concurrency: number) {
    super(inner)
    this.#places = new Places(concurrency)
    this.#resumable =
      inner.resumable &&
      aroundUploads(inner.resumable, async (call, { signal }) => {
        using _place = await this.#places.take(signal)
        return await call()
      })
  }

  override get resumable() {
    return this.#resumable
  }

  override async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    using _place = await this.#places.take(options.signal)
    await this.inner.put(key, bytes, options)
  }

  override async upload(
    key: string,
    source: AsyncIterable<Uint8Array>,
    options: UploadOptions,
  ): Promise<void> {
    using _place = await this.#places.take(options.signal)
    await this.inner.upload(key, source, options)
  }

  override async *read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    using _place = await this.#places.take(options.signal)
    yield* this.inner.read(key, options)
  }

  override async stat(key: string, options: CallOptions = {}): Promise<{ size: number }> {
    using _place = await this.#places.take(options.signal)
    return await this.inner.stat(key, options)
  }

  override async *list(
    prefix: string,
    options: ListOptions = {},
  ): AsyncGenerator<ListedObject, void, undefined> {
    using _place = await this.#places.take(options.signal)
    yield* this.inner.list(prefix, options)
  }
}
