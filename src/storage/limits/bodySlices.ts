import type { Pace } from './throttle.ts'

/** How much of a body is handed to a connection at once, in bytes. */
const sliceSize = 64 * 1024

/** A body that lies in memory in one or more pieces, slice by slice: with a pace each when it allows. */
export function bodySlices(
  pieces: readonly Uint8Array[],
  pace: Pace | undefined,
): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  return pace === undefined ? slices(pieces) : pacedSlices(pieces, pace)
}

function* slices(pieces: readonly Uint8Array[]): Generator<Uint8Array, void, undefined> {
  for (const bytes of pieces) {
    for (let at = 0; at < bytes.length; at += sliceSize) yield bytes.subarray(at, at + sliceSize)
  }
}

async function* pacedSlices(
  pieces: readonly Uint8Array[],
  pace: Pace,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const bytes of pieces) {
    for (let at = 0; at < bytes.length;) {
      const slice = bytes.subarray(at, at + Math.min(sliceSize, pace.pieceSize()))
      // A connection that ends meanwhile is noticed after this one slice.
      await pace.take(slice.length, undefined)
      yield slice
      at += slice.length
    }
  }
}
