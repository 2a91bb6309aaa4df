/* What the backends share in handling byte counts: sources held to their word, ranges, parts of equal size. */
import { release } from '../shared/release.ts'
import type { Semaphore } from '../shared/semaphore.ts'
import { StorageError } from './errors.ts'
import type { ReadOptions, UploadOptions } from './storage.ts'

/**
 * Passes a source's chunks on.
 * @throws the signal's reason once it aborts, and StorageError when the source yields more or fewer bytes than `size`.
 */
export async function* checkedSource(
  key: string,
  source: AsyncIterable<Uint8Array>,
  { size, signal }: Pick<UploadOptions, 'size' | 'signal'>,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted()
  let given = 0
  for await (const chunk of source) {
    signal?.throwIfAborted()
    given += chunk.length
    if (size !== undefined && given > size) throw wrongSize(key, `over ${size}`, size)
    yield chunk
  }
  signal?.throwIfAborted()
  if (size !== undefined && given !== size) throw wrongSize(key, String(given), size)
}

function wrongSize(key: string, given: string, size: number): StorageError {
  return new StorageError(`the source of ${key} gave ${given} bytes where ${size} were announced`, {
    transient: false,
  })
}

/**
 * First byte and end (exclusive) of what to read from an object of `size` bytes.
 * @throws StorageError when the range begins at or after the object's end.
 */
export function rangeWithin(key: string, size: number, range: ReadOptions['range']): [number, number] {
  if (range === undefined) return [0, size]
  if (range.offset >= size) throw beyondEnd(key, range.offset)
  return [range.offset, Math.min(size, range.offset + range.length)]
}

export function beyondEnd(key: string, offset: number, cause?: unknown): StorageError {
  return new StorageError(`${key} has no byte ${offset} to begin at`, { transient: false, cause })
}

/** A part of a stream, in a buffer of its own. Disposing of it gives the memory back; its bytes are gone then. */
export interface Part extends Disposable {
  bytes: Uint8Array
}

/**
 * Cuts a stream into parts of exactly `partSize` bytes and a last one of whatever is left, if anything is.
 * @param memory how many parts may be in memory: each takes a place until it is disposed of.
 */
export async function* inParts(
  source: AsyncIterable<Uint8Array>,
  partSize: number,
  memory: Semaphore,
): AsyncGenerator<Part, void, undefined> {
  let part: FillingPart | undefined
  try {
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length;) {
        part ??= new FillingPart(partSize, await memory.acquire())
        at += part.add(chunk.subarray(at))
        if (!part.isFull) break
        const full = part
        part = undefined
        yield full
      }
      release(chunk)
    }
    const last = part
    part = undefined
    if (last) yield last
  } finally {
    part?.[Symbol.dispose]()
  }
}

class FillingPart implements Part {
  readonly #buffer: Buffer
  readonly #leave: () => void
  #size = 0
  #disposed = false

  constructor(size: number, leave: () => void) {
    this.#buffer = Buffer.allocUnsafeSlow(size)
    this.#leave = leave
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#size)
  }

  get isFull(): boolean {
    return this.#size === this.#buffer.length
  }

  /** Takes as many bytes as there is room for. @returns their number. */
  add(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.#buffer.length - this.#size)
    this.#buffer.set(bytes.subarray(0, taken), this.#size)
    this.#size += taken
    return taken
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    release(this.#buffer)
    this.#leave()
  }
}
