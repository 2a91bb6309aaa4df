import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Semaphore } from '../../src/shared/semaphore.ts'
import { checkedSource, inParts, rangeWithin } from '../../src/storage/bytes.ts'
import { StorageError } from '../../src/storage/errors.ts'
import { collect } from './streams.ts'

const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 })

async function* stream(all: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all
}

test('parts are all of one size but the last, and together they are the stream', async () => {
  await fc.assert(
    fc.asyncProperty(chunks, fc.integer({ min: 1, max: 50 }), async (all, partSize) => {
      const bytes = Buffer.concat(all)
      const memory = new Semaphore(1)
      const parts = await Array.fromAsync(inParts(stream(all), partSize, memory), (part) => {
        using taken = part
        return Buffer.from(taken.bytes)
      })
      expect(Buffer.concat(parts)).toEqual(bytes)
      expect(parts.slice(0, -1).every((part) => part.length === partSize)).toBe(true)
      expect(parts.every((part) => part.length > 0 && part.length <= partSize)).toBe(true)
    }),
  )
})

async function* failing(): AsyncGenerator<Uint8Array, void, undefined> {
  yield Uint8Array.of(1, 2, 3)
  throw new Error('the disk failed')
}

test('a place in memory comes back from a part that is never filled', async () => {
  const memory = new Semaphore(1)
  await expect(Array.fromAsync(inParts(failing(), 5, memory))).rejects.toThrow('the disk failed')
  const leave = await memory.acquire()
  leave()
})

test('a source is held to its size, whatever its chunks', async () => {
  await fc.assert(
    fc.asyncProperty(chunks, fc.integer({ min: 0, max: 100 }), async (all, size) => {
      const bytes = Buffer.concat(all)
      const outcome = await collect(checkedSource('key', stream(all), { size })).then(
        (passed) => (passed.equals(bytes) ? 'passed' : 'changed'),
        (error: unknown) => (error instanceof StorageError ? 'refused' : error),
      )
      expect(outcome).toBe(bytes.length === size ? 'passed' : 'refused')
    }),
  )
})

describe('a range', () => {
  const natural = fc.nat({ max: 1000 })

  test('that begins within the object gives what there is of it', () => {
    fc.assert(
      fc.property(natural, natural, natural, (offset, length, more) => {
        const size = offset + 1 + more
        const bytes = Buffer.alloc(size)
        const [start, end] = rangeWithin('key', size, { offset, length })
        expect(bytes.subarray(start, end)).toHaveLength(bytes.subarray(offset, offset + length).length)
        expect(start).toBe(offset)
      }),
    )
  })

  test('that begins at its end or beyond is refused', () => {
    fc.assert(
      fc.property(natural, natural, natural, (size, beyond, length) => {
        expect(() => rangeWithin('key', size, { offset: size + beyond, length })).toThrow(/key has no byte/)
      }),
    )
  })
})
