import { createHash, randomBytes } from 'node:crypto'
import { describe, expect } from 'vitest'
import { ObjectExistsError } from '../../../src/storage/errors.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { collect, keysOf, pieces } from '../streams.ts'
import { type Check, content, index, kilobyte, megabyte } from './check.ts'

export function creating(check: Check): void {
  describe('put', () => {
    check('what was put is read back', async (storage) => {
      const bytes = randomBytes(3 * megabyte + 17)
      await storage.put('objects/ab/cd', bytes, content)
      expect(bytes.equals(await collect(storage.read('objects/ab/cd')))).toBe(true)
      expect(await storage.stat('objects/ab/cd')).toEqual({ size: bytes.length })
    })

    check('an object may be empty', async (storage) => {
      await storage.put('empty', new Uint8Array(0), index)
      expect(await collect(storage.read('empty'))).toHaveLength(0)
      expect(await storage.stat('empty')).toEqual({ size: 0 })
      expect(await Array.fromAsync(storage.list(''))).toEqual([{ key: 'empty', size: 0 }])
    })

    check('an object may be a single byte', async (storage) => {
      await storage.put('one', Uint8Array.of(7), index)
      expect([...(await collect(storage.read('one')))]).toEqual([7])
    })

    check('only the given view of a larger buffer is stored', async (storage) => {
      await storage.put('view', Buffer.from('0123456789').subarray(3, 6), index)
      expect(String(await collect(storage.read('view')))).toBe('345')
    })

    check('what the caller does to its buffer afterwards changes nothing', async (storage) => {
      const bytes = Buffer.from('before')
      await storage.put('kept', bytes, index)
      bytes.fill(0)
      expect(String(await collect(storage.read('kept')))).toBe('before')
    })

    check('the caller may give the SHA-256 along', async (storage) => {
      const bytes = randomBytes(kilobyte)
      await storage.put('hashed', bytes, {
        ...content,
        sha256: createHash('sha256').update(bytes).digest(),
      })
      expect(bytes.equals(await collect(storage.read('hashed')))).toBe(true)
    })

    check('nothing is left but the object', async (storage, subject) => {
      await storage.put('a/b', randomBytes(kilobyte), content)
      expect(await keysOf(storage.list(''))).toEqual(['a/b'])
      expect(await subject.leftovers()).toEqual([])
    })
  })

  describe('create-only', () => {
    check('a put on a taken key is refused, and what was there stays', async (storage, subject) => {
      await storage.put('taken', Buffer.from('first'), index)
      await expect(storage.put('taken', Buffer.from('second'), index)).rejects.toThrow(ObjectExistsError)
      expect(String(await collect(storage.read('taken')))).toBe('first')
      expect(await subject.leftovers()).toEqual([])
    })

    check('the same bytes again are refused, too', async (storage) => {
      await storage.put('taken', Buffer.from('same'), index)
      const again = storage.put('taken', Buffer.from('same'), index)
      await expect(again).rejects.toMatchObject({ name: 'ObjectExistsError', key: 'taken' })
    })

    check('a large put on a taken key is refused', async (storage) => {
      await storage.put('taken', Buffer.from('first'), content)
      await expect(storage.put('taken', randomBytes(6 * megabyte), content)).rejects.toThrow(
        ObjectExistsError,
      )
    })

    check('a short upload on a taken key is refused', async (storage, subject) => {
      await storage.put('taken', Buffer.from('first'), index)
      const second = storage.upload('taken', pieces(Buffer.from('second'), 2), index)
      await expect(second).rejects.toBeInstanceOf(ObjectExistsError)
      expect(String(await collect(storage.read('taken')))).toBe('first')
      expect(await subject.leftovers()).toEqual([])
    })

    check('a long upload on a taken key is refused', async (storage, subject) => {
      await storage.put('taken', Buffer.from('first'), index)
      const long = randomBytes(storage.capabilities.partSize + megabyte)
      const second = storage.upload('taken', pieces(long, megabyte), content)
      await expect(second).rejects.toBeInstanceOf(ObjectExistsError)
      expect(String(await collect(storage.read('taken')))).toBe('first')
      expect(await subject.leftovers()).toEqual([])
    })

    check('of two puts at once one wins', async (storage) => {
      const both = [Buffer.alloc(kilobyte, 'a'), Buffer.alloc(kilobyte, 'b')]
      const results = await Promise.allSettled(both.map((bytes) => storage.put('raced', bytes, index)))
      await expectOneThere(storage, both, results)
    })

    check('of many creates at once, by put and by upload, one wins', async (storage, subject) => {
      const all = Array.from({ length: 12 }, (_, n) => Buffer.alloc((n + 1) * 10 * kilobyte, n))
      const results = await Promise.allSettled(
        all.map((bytes, n) =>
          n % 2 === 0
            ? storage.put('raced', bytes, content)
            : storage.upload('raced', pieces(bytes, 3 * kilobyte), content),
        ),
      )
      await expectOneThere(storage, all, results)
      expect(await subject.leftovers()).toEqual([])
    })
  })
}

/**
 * After creates of one key at once: exactly one of them succeeded, and is there. Where creates are not atomic several may
 * believe that they won, but what is there is still the whole of one of these.
 */
async function expectOneThere(
  storage: Storage,
  all: Buffer[],
  results: PromiseSettledResult<void>[],
): Promise<void> {
  const winners = all.filter((_, n) => results[n]?.status === 'fulfilled')
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  )
  for (const failure of failures) expect(failure).toBeInstanceOf(ObjectExistsError)
  if (storage.capabilities.atomicCreate) expect(winners).toHaveLength(1)
  const there = await collect(storage.read('raced'))
  expect(winners.some((bytes) => bytes.equals(there))).toBe(true)
}
