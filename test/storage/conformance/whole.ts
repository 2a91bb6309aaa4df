import { randomBytes } from 'node:crypto'
import { describe, expect } from 'vitest'
import { ObjectExistsError } from '../../../src/storage/errors.ts'
import { collect, keysOf } from '../streams.ts'
import { type Check, content, index, megabyte } from './check.ts'

export function whole(check: Check): void {
  describe('as a whole', () => {
    check('many calls at once all succeed', async (storage) => {
      const all = Array.from({ length: 150 }, (_, n) => ({
        key: `p/${n % 7}/${n}`,
        bytes: randomBytes(n * 100),
      }))
      await Promise.all(all.map(({ key, bytes }) => storage.put(key, bytes, content)))
      const copies = await Promise.all(all.map(({ key }) => collect(storage.read(key))))
      expect(copies.every((copy, n) => all[n]?.bytes.equals(copy))).toBe(true)
      expect(await keysOf(storage.list('p/'))).toEqual(all.map(({ key }) => key).sort())
    })

    check('it says what it can do and where it is', async (storage) => {
      expect(storage.location).not.toBe('')
      expect(storage.capabilities.partSize).toBeGreaterThanOrEqual(megabyte)
      expect(storage.capabilities.concurrency).toBeGreaterThanOrEqual(2)
    })

    check('opened again, it holds the same', async (storage, subject) => {
      expect(subject.reopen !== undefined).toBe(storage.capabilities.reopenable)
      await storage.put('kept', Buffer.from('bytes'), index)
      const again = await subject.reopen?.()
      if (again === undefined) return
      expect(String(await collect(again.read('kept')))).toBe('bytes')
      await expect(again.put('kept', Buffer.from('other'), index)).rejects.toThrow(ObjectExistsError)
      await again.close()
    })
  })
}
