/*
 * A pack holds many small contents in one message: the contents one after the other, then an index (for each: 32 bytes
 * SHA-256, 8 bytes length), then the index's own length in 8 bytes. All numbers are big-endian. A manifest says where a
 * content lies; the index is there for whoever has no manifest.
 */
import { DecryptionError } from '../crypto/cobblestone.ts'

export interface PackMember {
  sha256: Uint8Array
  size: number
  offset: number
}

const indexEntrySize = 40
const trailerSize = 8

/** Length of the plaintext of a pack that holds contents of these sizes. */
export function packSize(sizes: readonly number[]): number {
  return sizes.reduce((bytes, size) => bytes + size + indexEntrySize, trailerSize)
}

/** The plaintext of a pack and where each content lies in it. */
export function buildPack(contents: readonly { sha256: Uint8Array; bytes: Uint8Array }[]): {
  plaintext: Buffer
  members: PackMember[]
} {
  const members: PackMember[] = []
  const index = Buffer.alloc(contents.length * indexEntrySize + trailerSize)
  let offset = 0
  for (const [i, { sha256, bytes }] of contents.entries()) {
    members.push({ sha256, size: bytes.length, offset })
    index.set(sha256, i * indexEntrySize)
    index.writeBigUInt64BE(BigInt(bytes.length), i * indexEntrySize + 32)
    offset += bytes.length
  }
  index.writeBigUInt64BE(BigInt(contents.length * indexEntrySize), index.length - trailerSize)
  return { plaintext: Buffer.concat([...contents.map(({ bytes }) => bytes), index]), members }
}

/**
 * The index of a pack.
 * @throws DecryptionError when it does not fit the pack exactly.
 */
export function readPackIndex(plaintext: Uint8Array): PackMember[] {
  const bytes = Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength)
  const trailer = bytes.length - trailerSize
  const indexSize = trailer < 0 ? -1 : Number(bytes.readBigUInt64BE(trailer))
  const start = trailer - indexSize
  if (indexSize < 0 || indexSize % indexEntrySize !== 0 || start < 0) throw damaged()
  const members: PackMember[] = []
  let offset = 0
  for (let at = start; at < trailer; at += indexEntrySize) {
    const size = Number(bytes.readBigUInt64BE(at + 32))
    members.push({ sha256: bytes.subarray(at, at + 32), size, offset })
    offset += size
  }
  if (offset !== start) throw damaged()
  return members
}

function damaged(): DecryptionError {
  return new DecryptionError('the index of the pack does not fit the pack')
}
