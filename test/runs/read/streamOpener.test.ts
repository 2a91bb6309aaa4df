import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunkSize } from '../../../src/crypto/cobblestone.ts'
import { encryptObject } from '../../../src/crypto/envelope.ts'
import { StreamOpener } from '../../../src/runs/read/streamOpener.ts'

const key = { id: Buffer.alloc(16, 3), key: Buffer.alloc(32, 4) }

test('an object that arrives in pieces of any size gives its plaintext', () => {
  const size = fc.oneof(fc.nat(100_000), fc.constantFrom(0, chunkSize, 2 * chunkSize, 1_200_000))
  const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 100_000 })), {
    minLength: 1,
    maxLength: 6,
  })
  fc.assert(
    fc.property(size, cuts, (size, cuts) => {
      const plaintext = randomBytes(size)
      const object = encryptObject(key, 'a place', plaintext)
      const opener = new StreamOpener(() => key.key, 'a place')
      const pieces: Buffer[] = []
      for (let at = 0, cut = 0; at < object.length; cut++) {
        const end = at + (cuts[cut % cuts.length] ?? 1)
        for (const piece of opener.push(object.subarray(at, end))) pieces.push(Buffer.from(piece))
        at = end
      }
      pieces.push(Buffer.from(opener.end()))
      expect(Buffer.concat(pieces).equals(plaintext)).toBe(true)
    }),
    { numRuns: 100 },
  )
})

test('wherever an object is cut off, its end is not believed', () => {
  const object = encryptObject(key, 'a place', randomBytes(2 * chunkSize + 5))
  const lengthThatEnds = (end: number): boolean => {
    const opener = new StreamOpener(() => key.key, 'a place')
    try {
      for (const _ of opener.push(object.subarray(0, end)));
      opener.end()
      return true
    } catch {
      return false
    }
  }
  for (let end = 0; end < object.length; end += end < 200 ? 1 : 97) expect(lengthThatEnds(end)).toBe(false)
  expect(lengthThatEnds(object.length)).toBe(true)
})
