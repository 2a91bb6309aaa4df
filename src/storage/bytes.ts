/* What the backends share in handling byte counts: sources held to their word, ranges, parts of equal size. */
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

/** Cuts a stream into parts of exactly `partSize` bytes and a last one of whatever is left, if anything is. */
export async function* inParts(
  source: AsyncIterable<Uint8Array>,
  partSize: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let chunks: Uint8Array[] = []
  let held = 0
  for await (let chunk of source) {
    while (held + chunk.length >= partSize) {
      const part = Buffer.concat([...chunks, chunk.subarray(0, partSize - held)])
      chunk = chunk.subarray(partSize - held)
      chunks = []
      held = 0
      yield part
    }
    chunks.push(chunk)
    held += chunk.length
  }
  if (held > 0) yield Buffer.concat(chunks)
}
