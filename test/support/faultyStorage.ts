import { ForwardingStorage } from '../../src/storage/forward.ts'
import type {
  CallOptions,
  ListedObject,
  ListOptions,
  PutOptions,
  ReadOptions,
  UploadOptions,
} from '../../src/storage/storage.ts'

type Method = 'put' | 'upload' | 'read' | 'stat' | 'list'

/** What goes wrong with one call. */
export interface Fault {
  /** Thrown to the caller. Without it, a fault of `read` only spoils what is read. */
  error?: Error
  /**
   * When the error comes. For `put` and `upload`: 'after' means that the object arrived and only the answer was lost.
   * For `read` and `list`: the number of bytes or objects that are given before. By default, before anything.
   */
  when?: 'after' | number
  /** `read`: the byte at this offset of what is read is given inverted. */
  flipAt?: number
  /** `read`: the stream ends here, as if that were the object's end. */
  truncateAt?: number
}

/** The same storage with faults: each method has a queue, and each call takes one from it, or works when it is empty. */
export class FaultyStorage extends ForwardingStorage {
  readonly #faults: Record<Method, Fault[]> = { put: [], upload: [], read: [], stat: [], list: [] }

  /** Adds faults for the next calls of a method. */
  breakNext(method: Method, ...faults: Fault[]): void {
    this.#faults[method].push(...faults)
  }

  /** Faults that no call has met yet. */
  get left(): number {
    return Object.values(this.#faults).reduce((sum, faults) => sum + faults.length, 0)
  }

  override async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    await this.#creating('put', () => this.inner.put(key, bytes, options))
  }

  override async upload(
    key: string,
    source: AsyncIterable<Uint8Array>,
    options: UploadOptions,
  ): Promise<void> {
    await this.#creating('upload', () => this.inner.upload(key, source, options))
  }

  override async *read(key: string, options?: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const fault = this.#faults.read.shift() ?? {}
    const end = Math.min(fault.truncateAt ?? Infinity, errorAfter(fault))
    let at = 0
    for await (const chunk of at < end ? this.inner.read(key, options) : []) {
      const given = Buffer.from(chunk.subarray(0, end - at))
      const flipped = (fault.flipAt ?? -1) - at
      if (flipped >= 0 && flipped < given.length) given.writeUInt8(given.readUInt8(flipped) ^ 0xff, flipped)
      at += given.length
      if (given.length > 0) yield given
      if (at >= end) break
    }
    if (fault.error) throw fault.error
  }

  override async stat(key: string, options?: CallOptions): Promise<{ size: number }> {
    const fault = this.#faults.stat.shift()
    if (fault?.error) throw fault.error
    return this.inner.stat(key, options)
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListedObject, void, undefined> {
    const fault = this.#faults.list.shift() ?? {}
    let left = errorAfter(fault)
    if (left > 0) {
      for await (const object of this.inner.list(prefix, options)) {
        yield object
        left -= 1
        if (left === 0) break
      }
    }
    if (fault.error) throw fault.error
  }

  async #creating(method: 'put' | 'upload', create: () => Promise<void>): Promise<void> {
    const fault = this.#faults[method].shift() ?? {}
    if (fault.error && fault.when !== 'after') throw fault.error
    await create()
    if (fault.error) throw fault.error
  }
}

/** How much is given before the error; everything where there is none. */
function errorAfter({ error, when }: Fault): number {
  if (error === undefined) return Infinity
  return typeof when === 'number' ? when : 0
}
