import { CRC32C } from '@google-cloud/storage'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Crc32c } from '../../src/storage/gcs/crc32c.ts'

// RFC 3720, appendix B.4.
test.each([
  ['32 zero bytes', Buffer.alloc(32), '8a9136aa'],
  ['32 bytes of 0xff', Buffer.alloc(32, 0xff), '62a8ab43'],
  ['32 rising bytes', Buffer.from(Array.from({ length: 32 }, (_, n) => n)), '46dd794e'],
  ['32 falling bytes', Buffer.from(Array.from({ length: 32 }, (_, n) => 31 - n)), '113fdb5c'],
  ['no byte', Buffer.alloc(0), '00000000'],
])('the CRC-32C of %s is the published one', (_, bytes, hex) => {
  expect(Buffer.from(new Crc32c().update(bytes).base64, 'base64').toString('hex')).toBe(hex)
})

test("it is that of Google's client, however the bytes are cut", () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 })
  fc.assert(
    fc.property(pieces, fc.nat({ max: 7 }), (pieces, shift) => {
      const ours = new Crc32c()
      const theirs = new CRC32C()
      for (const piece of pieces) {
        // Views that begin anywhere in their memory.
        ours.update(Buffer.concat([Buffer.alloc(shift), piece]).subarray(shift))
        theirs.update(Buffer.from(piece))
      }
      expect(ours.base64).toBe(theirs.toString())
    }),
  )
})
