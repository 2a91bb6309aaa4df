import { randomBytes } from 'node:crypto'
import { describe, expect } from 'vitest'
import { ObjectMissingError } from '../../../src/storage/errors.ts'
import { collect, keysOf } from '../streams.ts'
import { type Check, content, index, megabyte } from './check.ts'

export function reading(check: Check): void {
  describe('read', () => {
    const text = '0123456789'
    const ranges: [string, number, number, string][] = [
      ['the start', 0, 3, '012'],
      ['the middle', 4, 3, '456'],
      ['the end', 7, 3, '789'],
      ['the last byte', 9, 1, '9'],
      ['the whole', 0, 10, text],
      ['more than there is', 8, 100, '89'],
      ['far more than there is', 0, Number.MAX_SAFE_INTEGER, text],
      ['no byte', 5, 0, ''],
    ]
    for (const [what, offset, length, expected] of ranges) {
      check(`a range gives its bytes: ${what}`, async (storage) => {
        await storage.put('digits', Buffer.from(text), content)
        const bytes = await collect(storage.read('digits', { range: { offset, length } }))
        expect(String(bytes)).toBe(expected)
      })
    }

    check('a range that begins at the end or beyond fails', async (storage) => {
      await storage.put('digits', Buffer.from(text), content)
      await storage.put('empty', Buffer.alloc(0), content)
      const from = (key: string, offset: number, length: number) =>
        expect(collect(storage.read(key, { range: { offset, length } }))).rejects.toMatchObject({
          name: 'StorageError',
          transient: false,
        })
      await from('digits', 10, 1)
      await from('digits', 10, 0)
      await from('digits', 11, 5)
      await from('empty', 0, 1)
      await from('empty', 0, 0)
    })

    check('a range of a large object is exact', async (storage) => {
      const bytes = randomBytes(3 * megabyte)
      await storage.put('large', bytes, content)
      for (const offset of [0, 1, megabyte - 1, megabyte, megabyte + 1]) {
        const range = { offset, length: megabyte + 3 }
        const expected = bytes.subarray(offset, offset + range.length)
        expect(expected.equals(await collect(storage.read('large', { range })))).toBe(true)
      }
    })

    check('a large object comes in several chunks', async (storage) => {
      await storage.put('large', randomBytes(8 * megabyte), content)
      const chunks = await Array.fromAsync(storage.read('large'))
      expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(megabyte)
    })

    check('what the reader does to a chunk changes nothing', async (storage) => {
      await storage.put('kept', Buffer.from('bytes'), index)
      for await (const chunk of storage.read('kept')) chunk.fill(0)
      expect(String(await collect(storage.read('kept')))).toBe('bytes')
    })

    check('breaking the loop frees the connection', async (storage) => {
      await storage.put('long', randomBytes(4 * megabyte), content)
      for (let n = 0; n < 2 * storage.capabilities.concurrency + 80; n++) {
        for await (const chunk of storage.read('long')) {
          expect(chunk.length).toBeGreaterThan(0)
          break
        }
      }
      expect(await storage.stat('long')).toEqual({ size: 4 * megabyte })
    })

    check('two readers of one object do not disturb each other', async (storage) => {
      const bytes = randomBytes(2 * megabyte)
      await storage.put('shared', bytes, content)
      const copies = await Promise.all([collect(storage.read('shared')), collect(storage.read('shared'))])
      expect(copies.every((copy) => bytes.equals(copy))).toBe(true)
    })
  })

  describe('what is missing', () => {
    const missing = ['none', 'no/folder/none', 'folder/none', 'folder']
    check('a missing object is told as such', async (storage) => {
      await storage.put('folder/there', Buffer.alloc(1), index)
      for (const key of missing) {
        const expected = { name: 'ObjectMissingError', key }
        await expect(storage.stat(key)).rejects.toMatchObject(expected)
        await expect(collect(storage.read(key))).rejects.toMatchObject(expected)
        const range = { offset: 3, length: 1 }
        await expect(collect(storage.read(key, { range }))).rejects.toMatchObject(expected)
        const nothing = { offset: 0, length: 0 }
        await expect(collect(storage.read(key, { range: nothing }))).rejects.toMatchObject(expected)
      }
    })

    check('looking for an object makes nothing', async (storage) => {
      await expect(storage.stat('no/folder/none')).rejects.toBeInstanceOf(ObjectMissingError)
      expect(await keysOf(storage.list(''))).toEqual([])
    })
  })
}
