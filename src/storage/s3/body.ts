import { hash } from 'node:crypto'
import { Readable } from 'node:stream'

/** How much of a body is handed to the connection at once, in bytes. */
const sliceSize = 64 * 1024

/**
 * The parameters of a body with the checksum that the server holds it to. They are good for one try: the body is a
 * stream over the bytes, because TLS would encrypt a whole buffer, a second copy of it, before the first byte leaves.
 */
export function bodyWithChecksum(bytes: Uint8Array, sha256: Uint8Array = hash('sha256', bytes, 'buffer')) {
  return {
    Body: Readable.from(slicesOf(bytes), { objectMode: false }),
    ContentLength: bytes.length,
    ChecksumAlgorithm: 'SHA256',
    ChecksumSHA256: Buffer.from(sha256).toString('base64'),
  } as const
}

function* slicesOf(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += sliceSize) yield bytes.subarray(at, at + sliceSize)
}
