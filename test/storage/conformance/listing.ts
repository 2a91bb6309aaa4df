import { describe, expect } from 'vitest'
import type { ListOptions, Storage } from '../../../src/storage/storage.ts'
import { keysOf } from '../streams.ts'
import { type Check, content, index } from './check.ts'

export function listing(check: Check): void {
  describe('list', () => {
    // "a.b" comes before "a/b" comes before "a0", and capitals before all small letters.
    const ordered = ['B', 'a!', 'a-', 'a.b', 'a/a', 'a/b.c', 'a/b/c', 'a/b0', 'a/c', 'a0', 'aa/z', 'b', 'z~']

    check('an empty storage lists nothing', async (storage) => {
      expect(await keysOf(storage.list(''))).toEqual([])
      expect(await keysOf(storage.list('no/such/folder/'))).toEqual([])
    })

    check('keys come in byte order with their sizes', async (storage) => {
      await fill(storage, ordered)
      const expected = ordered.map((key) => ({ key, size: key.length }))
      expect(await Array.fromAsync(storage.list(''))).toEqual(expected)
    })

    check('a prefix may end anywhere', async (storage) => {
      await fill(storage, ordered)
      for (const prefix of ['a', 'a/', 'a/b', 'a/b/', 'a.b', 'a/b/c', 'aa', 'A', 'a/d', 'zz/', 'b/']) {
        const expected = ordered.filter((key) => key.startsWith(prefix))
        expect({ prefix, keys: await keysOf(storage.list(prefix)) }).toEqual({ prefix, keys: expected })
      }
    })

    check('a listing begins after any key', async (storage) => {
      await fill(storage, ordered)
      const starts = [...ordered, '', 'A', 'a', 'a/', 'a/b', 'a/b/', 'a/b/cc', 'a/zzz', 'a1', '~']
      for (const prefix of ['', 'a', 'a/b']) {
        for (const after of starts) {
          const expected = ordered.filter((key) => key.startsWith(prefix) && key > after)
          const options: ListOptions = { after }
          const keys = await keysOf(storage.list(prefix, options))
          expect({ prefix, after, keys }).toEqual({ prefix, after, keys: expected })
        }
      }
    })

    // The servers that tests start give a hundred at a time.
    check('more keys than a page holds come in order', async (storage) => {
      const keys = Array.from({ length: 303 }, (_, n) => `many/${String(n).padStart(4, '0')}`)
      for (let from = 0; from < keys.length; from += 50) {
        const some = keys.slice(from, from + 50)
        await Promise.all(some.map((key) => storage.put(key, Buffer.alloc(0), index)))
      }
      expect(await keysOf(storage.list('many/'))).toEqual(keys)
      expect(await keysOf(storage.list('', { after: 'many/0040' }))).toEqual(keys.slice(41))
    })

    check('breaking the loop is fine', async (storage) => {
      await fill(storage, ordered)
      for await (const { key } of storage.list('a')) {
        expect(key).toBe('a!')
        break
      }
      expect(await keysOf(storage.list('b'))).toEqual(['b'])
    })

    check('an unfinished upload is not listed', async (storage) => {
      const source = async function* () {
        yield Buffer.alloc(storage.capabilities.partSize + 1)
        expect(await keysOf(storage.list(''))).toEqual([])
        yield Buffer.alloc(1)
      }
      await storage.upload('finished', source(), content)
      expect(await keysOf(storage.list(''))).toEqual(['finished'])
    })
  })
}

async function fill(storage: Storage, keys: string[]): Promise<void> {
  await Promise.all(keys.toReversed().map((key) => storage.put(key, Buffer.from(key), index)))
}
