import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import { bodySlices } from '../limits/bodySlices.ts'
import type { Pace } from '../limits/throttle.ts'
import type { S3Setup } from './setup.ts'

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
 * @param pace what the body goes out by.
 */
export function bodyWithChecksum(bytes: Uint8Array, checksum: BodyChecksum, pace?: Pace) {
  return {
    Body: Readable.from(bodySlices([bytes], pace), { objectMode: false }),
    ContentLength: bytes.length,
    ...checksum,
    ...('ChecksumSHA256' in checksum ? { ChecksumAlgorithm: 'SHA256' as const } : {}),
  }
}
