import type { ListedObject } from '../../src/storage/storage.ts'

/** All of a stream's bytes. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream))
}

export async function keysOf(listing: AsyncIterable<ListedObject>): Promise<string[]> {
  return Array.fromAsync(listing, ({ key }) => key)
}

/** A stream of the bytes in chunks of `size`; copies, because they belong to whoever takes them. */
export async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield Uint8Array.from(bytes.subarray(at, at + size))
}
