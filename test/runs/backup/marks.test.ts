import { createHash, randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { MarkChecker, Marker, maxParts, partSizeFor, sha256Of } from '../../../src/runs/backup/marks.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

test('a mark is the SHA-256 of everything up to the end of its part, however the content comes', () => {
  const sizes = fc.record({
    size: fc.nat(2000),
    partSize: fc.integer({ min: 1, max: 700 }),
    step: fc.integer({ min: 1, max: 900 }),
  })
  fc.assert(
    fc.property(sizes, ({ size, partSize, step }) => {
      const content = randomBytes(size)
      const marker = new Marker(partSize)
      for (let at = 0; at < size; at += step) marker.update(content.subarray(at, at + step))
      const marks = marker.end()
      const ends = Array.from(
        { length: Math.max(1, Math.ceil(size / partSize)) },
        (_, n) => (n + 1) * partSize,
      )
      expect(marks.marks.equals(Buffer.concat(ends.map((end) => sha256(content.subarray(0, end)))))).toBe(
        true,
      )
      expect(sha256Of(marks).equals(sha256(content))).toBe(true)
    }),
  )
})

test('a part is told from any other, also when it belongs elsewhere in the same content', () => {
  const parts = ['one', 'two', 'two', 'end'].map((text) => Buffer.from(text))
  const marker = new Marker(3)
  for (const part of parts) marker.update(part)
  const marks = marker.end()
  const good = new MarkChecker(marks)
  expect(parts.map((part) => good.isNext(part))).toEqual([true, true, true, true])
  expect(good.isNext(Buffer.from('two'))).toBe(false)
  const swapped = new MarkChecker(marks)
  expect(swapped.isNext(Buffer.from('two'))).toBe(false)
})

test('there are never more parts than a note has room for', () => {
  const mebibyte = 1024 * 1024
  fc.assert(
    fc.property(fc.maxSafeNat(), (size) => {
      const partSize = partSizeFor(size)
      expect(partSize % mebibyte).toBe(0)
      expect(Math.ceil(size / partSize)).toBeLessThanOrEqual(maxParts)
    }),
  )
  expect(partSizeFor(50e9)).toBe(8 * mebibyte)
  expect(partSizeFor(5e12)).toBe(40 * mebibyte)
})
