import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { chunkSize } from '../../src/crypto/cobblestone.ts'

/** The lengths where a chunk begins, ends, or is empty. */
export const borderSizes = [0, 1, 2, 3].flatMap((chunks) =>
  [-1, 0, 1].map((off) => chunks * chunkSize + off).filter((size) => size >= 0),
)

/** Plaintext lengths of up to four chunks, borders often. */
export const anySize = fc.oneof(fc.constantFrom(...borderSizes), fc.nat(4 * chunkSize))

/** Bytes in which no two chunks are alike, and every failure comes back the same. */
export function sampleBytes(size: number): Buffer {
  return size === 0
    ? Buffer.alloc(0)
    : createHash('shake256', { outputLength: size }).update('sample').digest()
}

/** `bytes` cut at the given places, which may be beyond its end or the same. */
export function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const borders = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  )
  return borders.slice(1).map((end, i) => bytes.subarray(borders[i], end))
}

/** What a stream would deliver. */
export async function* streamOf(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  yield* pieces
}

/** A copy with the bits of `mask` flipped in the byte at `at`. */
export function flipped(bytes: Uint8Array, at: number, mask: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ mask
  return copy
}
