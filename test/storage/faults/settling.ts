import { createHash, type Hash } from 'node:crypto'
import { ObjectExistsError } from '../../../src/storage/errors.ts'
import { ForwardingStorage } from '../../../src/storage/forward.ts'
import type { PutOptions, Storage, UploadOptions } from '../../../src/storage/storage.ts'

/**
 * The same storage for callers that never lose an answer: a create that was refused because an earlier try of itself did
 * arrive has succeeded, which the bytes that lie there tell. It is what the program does with its own objects.
 */
export function settling(inner: Storage): Storage {
  return new SettlingStorage(inner)
}

class SettlingStorage extends ForwardingStorage {
  readonly #created = new Set<string>()

  override async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    const hash = createHash('sha256').update(bytes)
    await this.#settle(key, hash, async () => await this.inner.put(key, bytes, options))
  }

  override async upload(
    key: string,
    source: AsyncIterable<Uint8Array>,
    options: UploadOptions,
  ): Promise<void> {
    const hash = createHash('sha256')
    async function* hashed() {
      for await (const chunk of source) {
        hash.update(chunk)
        yield chunk
      }
    }
    await this.#settle(key, hash, async () => await this.inner.upload(key, hashed(), options))
  }

  async #settle(key: string, hash: Hash, create: () => Promise<void>): Promise<void> {
    try {
      await create()
    } catch (error) {
      if (!(error instanceof ObjectExistsError) || this.#created.has(key)) throw error
      const there = createHash('sha256')
      for await (const chunk of this.inner.read(key)) there.update(chunk)
      if (!there.digest().equals(hash.digest())) throw error
    }
    this.#created.add(key)
  }
}
