import { assertKey, assertPrefix } from './keys.ts'
import { ObjectExistsError, ObjectMissingError } from './errors.ts'
import { checkedSource, rangeWithin } from './bytes.ts'
import { MemoryTrial } from './memoryTrial.ts'
import { MemoryUploads } from './memoryUploads.ts'
import type {
  CallOptions,
  Capabilities,
  CreateOptions,
  ListedObject,
  ListOptions,
  ReadOptions,
  Storage,
  UploadOptions,
} from './storage.ts'
import type { Trial } from './trial.ts'

const chunkSize = 64 * 1024

/** The storage contract in its plainest form, for tests: everything lives in this process. */
export class MemoryStorage implements Storage {
  readonly location = 'memory'
  readonly capabilities: Capabilities = {
    atomicCreate: true,
    durable: false,
    checksum: 'none',
    partSize: 1024 * 1024,
    concurrency: 16,
    reopenable: false,
  }
  readonly resumable = new MemoryUploads(async (key, bytes, options) => await this.put(key, bytes, options))
  readonly #objects = new Map<string, Uint8Array>()
  readonly trial: Trial = new MemoryTrial(this.#objects)

  async put(key: string, bytes: Uint8Array, { signal }: CreateOptions): Promise<void> {
    assertKey(key)
    signal?.throwIfAborted()
    if (this.#objects.has(key)) throw new ObjectExistsError(key)
    this.#objects.set(key, Uint8Array.from(bytes))
  }

  async upload(key: string, source: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<void> {
    assertKey(key)
    const chunks = await Array.fromAsync(checkedSource(key, source, options))
    await this.put(key, Buffer.concat(chunks), options)
  }

  async *read(key: string, { range, signal }: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    signal?.throwIfAborted()
    const bytes = this.#get(key)
    const [start, end] = rangeWithin(key, bytes.length, range)
    for (let at = start; at < end; at += chunkSize) {
      signal?.throwIfAborted()
      yield bytes.slice(at, Math.min(end, at + chunkSize))
    }
  }

  async stat(key: string, { signal }: CallOptions = {}): Promise<{ size: number }> {
    signal?.throwIfAborted()
    return { size: this.#get(key).length }
  }

  async *list(prefix: string, { after = '', signal }: ListOptions = {}): AsyncGenerator<ListedObject> {
    assertPrefix(prefix)
    for (const key of [...this.#objects.keys()].sort()) {
      signal?.throwIfAborted()
      if (key.startsWith(prefix) && key > after) yield { key, size: this.#get(key).length }
    }
  }

  async close(): Promise<void> {}

  #get(key: string): Uint8Array {
    assertKey(key)
    const bytes = this.#objects.get(key)
    if (bytes === undefined) throw new ObjectMissingError(key)
    return bytes
  }
}
