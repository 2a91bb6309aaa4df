import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { S3Setup } from './setup.ts'

/** How much of a body is handed to the connection at once, in bytes. */
const sliceSize = 64 * 1024

/** Hashes of a body, base64, as its server wants them. */
export type BodyChecksum = { ChecksumSHA256: string } | { ContentMD5: string }

/** @param sha256 the bytes' own, where it is known already. */
export function checksumOf(
  bytes: Uint8Array,
  algorithm: S3Setup['checksum'],
  sha256?: Uint8Array,
): BodyChecksum {
  if (algorithm === 'md5') return { ContentMD5: hash('md5', bytes, 'base64') }
  return { ChecksumSHA256: Buffer.from(sha256 ?? hash('sha256', bytes, 'buffer')).toString('base64') }
}

/**
 * The parameters of a body with the checksum that the server holds it to. They are good for one try: the body is a
 * stream over the bytes, because TLS would encrypt a whole buffer, a second copy of it, before the first byte leaves.
 */
export function bodyWithChecksum(bytes: Uint8Array, checksum: BodyChecksum) {
  return {
    Body: Readable.from(slicesOf(bytes), { objectMode: false }),
    ContentLength: bytes.length,
    ...checksum,
    ...('ChecksumSHA256' in checksum ? { ChecksumAlgorithm: 'SHA256' as const } : {}),
  }
}

function* slicesOf(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += sliceSize) yield bytes.subarray(at, at + sliceSize)
}
