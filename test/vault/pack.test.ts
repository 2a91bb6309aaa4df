import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DecryptionError } from '../../src/crypto/cobblestone.ts'
import { buildPack, readPackIndex } from '../../src/vault/pack.ts'

const contents = fc.array(
  fc
    .uint8Array({ maxLength: 200 })
    .map((bytes) => ({ bytes, sha256: createHash('sha256').update(bytes).digest() })),
  { maxLength: 20 },
)

test('the index of a pack says where each content lies', () => {
  fc.assert(
    fc.property(contents, (parts) => {
      const { plaintext, members } = buildPack(parts)
      expect(readPackIndex(plaintext)).toEqual(members)
      for (const [i, { offset, size }] of members.entries())
        expect(plaintext.subarray(offset, offset + size)).toEqual(Buffer.from(parts[i]?.bytes ?? []))
    }),
  )
})

test('a pack that is cut, or longer, is refused or tells of the same contents', () => {
  fc.assert(
    fc.property(contents, fc.nat(), (parts, at) => {
      const { plaintext } = buildPack(parts)
      const cut = plaintext.subarray(0, at % plaintext.length)
      expect(() => readPackIndex(cut)).toThrow(/does not fit/)
    }),
  )
})

test('a pack whose lengths were changed is refused', () => {
  fc.assert(
    fc.property(contents, fc.nat(), fc.integer({ min: 1, max: 255 }), (parts, at, change) => {
      fc.pre(parts.length > 0)
      const { plaintext } = buildPack(parts)
      const entries = plaintext.length - 8 - parts.length * 40
      const places = [
        ...Array.from({ length: 8 }, (_, i) => plaintext.length - 8 + i),
        ...parts.flatMap((_, n) => Array.from({ length: 8 }, (__, i) => entries + n * 40 + 32 + i)),
      ]
      const place = places[at % places.length] ?? 0
      plaintext.writeUInt8(plaintext.readUInt8(place) ^ change, place)
      expect(() => readPackIndex(plaintext)).toThrow(/does not fit/)
    }),
  )
})

test('any bytes are either a pack or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(bytesAccountedFor(bytes)).toBe(bytes.length)
    }),
  )
})

/** How many bytes a pack of these contents has; all of them where it is refused. */
function bytesAccountedFor(bytes: Uint8Array): number {
  try {
    const members = readPackIndex(bytes)
    return members.reduce((sum, { size }) => sum + size + 40, 8)
  } catch (error) {
    if (error instanceof DecryptionError) return bytes.length
    throw error
  }
}
