import { release } from '../../shared/release.ts'

/** How much of a body in memory is handed to the connection at once, in bytes. */
const sliceSize = 1024 * 1024

export async function* slicesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += sliceSize) yield bytes.subarray(at, at + sliceSize)
}

/**
 * Passes chunks on, the last one only when the source ended well: a reader that knows the size would take what it has
 * by then for the whole. Gives the memory of each back when the next one is asked for.
 */
export async function* whenSure(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array | undefined
  for await (const chunk of source) {
    if (chunk.length === 0) continue
    if (held) {
      yield held
      release(held)
    }
    held = chunk
  }
  if (held) yield held
}
