import { pipeline } from 'node:stream/promises'
import type { Gunzip, Gzip } from 'node:zlib'

/** `source` compressed or expanded. An error of the source is thrown here, too, after what came before it. */
export async function* through(
  source: AsyncIterable<Uint8Array>,
  transform: Gzip | Gunzip,
): AsyncGenerator<Buffer, void, undefined> {
  const feeding = pipeline(source, transform)
  // A failure destroys the transform with the same error, so that the loop meets it first.
  feeding.catch(() => undefined)
  yield* transform as AsyncIterable<Buffer>
  await feeding
}
