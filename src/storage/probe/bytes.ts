/** All bytes of a stream that should have so many; one more than that is enough to know that it is wrong. */
export async function bytesOf(stream: AsyncIterable<Uint8Array>, expected: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    size += chunk.length
    if (size > expected) break
  }
  return Buffer.concat(chunks)
}

/** A stream of bytes in chunks that are copies, because they belong to whoever takes them. */
export async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += chunkSize)
    yield Uint8Array.from(bytes.subarray(at, at + chunkSize))
}

const chunkSize = 1024 * 1024
