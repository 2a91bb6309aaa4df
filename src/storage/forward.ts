import type { Leftovers } from './leftovers.ts'
import type { ResumableUploads } from './resumable.ts'
import type {
  CallOptions,
  Capabilities,
  ListedObject,
  ListOptions,
  PutOptions,
  ReadOptions,
  Storage,
  UploadOptions,
} from './storage.ts'
import type { Thawing } from './thawing.ts'
import type { Trial } from './trial.ts'

/** The same storage, call for call. A wrapper extends this, and overrides what it adds to. */
export class ForwardingStorage implements Storage {
  protected readonly inner: Storage

  constructor(inner: Storage) {
    this.inner = inner
  }

  get capabilities(): Capabilities {
    return this.inner.capabilities
  }

  get location(): string {
    return this.inner.location
  }

  get resumable(): ResumableUploads | undefined {
    return this.inner.resumable
  }

  get leftovers(): Leftovers | undefined {
    return this.inner.leftovers
  }

  get thawing(): Thawing | undefined {
    return this.inner.thawing
  }

  get trial(): Trial | undefined {
    return this.inner.trial
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    await this.inner.put(key, bytes, options)
  }

  async upload(key: string, source: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<void> {
    await this.inner.upload(key, source, options)
  }

  async *read(key: string, options?: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
    yield* this.inner.read(key, options)
  }

  async stat(key: string, options?: CallOptions): Promise<{ size: number }> {
    return await this.inner.stat(key, options)
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListedObject, void, undefined> {
    yield* this.inner.list(prefix, options)
  }

  async close(): Promise<void> {
    await this.inner.close()
  }
}
