import type {
  CallOptions,
  ListedObject,
  ListOptions,
  PutOptions,
  ReadOptions,
  Storage,
  UploadOptions,
} from '../../src/storage/storage.ts'

/** The same storage, counting what is asked of it. */
export class CountingStorage implements Storage {
  /** Calls that began, by method. */
  readonly calls = { put: 0, upload: 0, read: 0, stat: 0, list: 0 }
  /** Bytes that were handed to `put` or drawn from an `upload`'s source. */
  bytesIn = 0
  /** Bytes that readers were given. */
  bytesOut = 0
  readonly #inner: Storage

  constructor(inner: Storage) {
    this.#inner = inner
  }

  get capabilities() {
    return this.#inner.capabilities
  }

  get location() {
    return this.#inner.location
  }

  get totalCalls(): number {
    return Object.values(this.calls).reduce((sum, count) => sum + count)
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    this.calls.put += 1
    this.bytesIn += bytes.length
    await this.#inner.put(key, bytes, options)
  }

  async upload(key: string, source: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<void> {
    this.calls.upload += 1
    await this.#inner.upload(
      key,
      counted(source, (bytes) => (this.bytesIn += bytes)),
      options,
    )
  }

  async *read(key: string, options?: ReadOptions): AsyncGenerator<Uint8Array> {
    this.calls.read += 1
    yield* counted(this.#inner.read(key, options), (bytes) => (this.bytesOut += bytes))
  }

  async stat(key: string, options?: CallOptions): Promise<{ size: number }> {
    this.calls.stat += 1
    return this.#inner.stat(key, options)
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListedObject> {
    this.calls.list += 1
    yield* this.#inner.list(prefix, options)
  }

  async close(): Promise<void> {
    await this.#inner.close()
  }
}

async function* counted(
  stream: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    count(chunk.length)
    yield chunk
  }
}
