import { randomBytes } from 'node:crypto'
import { describe, expect } from 'vitest'
import { collect, keysOf, pieces } from '../streams.ts'
import { type Check, content, index, megabyte } from './check.ts'

const hostileKeys = [
  '',
  '/',
  '.',
  '..',
  '/etc/passwd',
  'a/',
  'a//b',
  'a/./b',
  'a/../b',
  '../a',
  'a/..',
  'tmp/a',
  'line\nbreak',
  'nul\0byte',
  'é',
  '\u{1f4f7}',
]

const oddKeys = [
  'a key with spaces',
  'quotes/\'single\' "double" `back`',
  'signs/!#$%&()*+,-.:;<=>?@[]^_{|}~',
  'percent/%2F%2e%2e%00',
  'plus+and+space/a+b c',
  'back\\slash',
  '.hidden/..double/...',
  'tmpfile/tmp',
  `long/${'n'.repeat(200)}`,
  'deep/1/2/3/4/5/6/7/8/9/10/11/12',
]

export function keys(check: Check): void {
  describe('keys', () => {
    for (const key of oddKeys) {
      check(`an odd key is kept exactly: ${key}`, async (storage) => {
        await storage.put(key, Buffer.from(key), index)
        expect(String(await collect(storage.read(key)))).toBe(key)
        expect(await storage.stat(key)).toEqual({ size: key.length })
        expect(await keysOf(storage.list(''))).toEqual([key])
      })
    }

    check('odd keys lie side by side', async (storage) => {
      for (const key of oddKeys) await storage.put(key, Buffer.from(key), index)
      expect(await keysOf(storage.list(''))).toEqual(oddKeys.toSorted())
    })

    check('odd keys work in a long upload', async (storage) => {
      const key = 'signs & spaces/%41+b=c?d#e'
      const bytes = randomBytes(storage.capabilities.partSize + 1)
      await storage.upload(key, pieces(bytes, megabyte), content)
      expect(bytes.equals(await collect(storage.read(key)))).toBe(true)
    })

    check('names that are no keys are refused everywhere', async (storage) => {
      for (const key of hostileKeys) {
        const refusal = `not a storage key: ${JSON.stringify(key)}`
        await expect(storage.put(key, Buffer.alloc(1), index)).rejects.toThrow(refusal)
        const upload = storage.upload(key, pieces(Buffer.alloc(1), 1), index)
        await expect(upload).rejects.toThrow(refusal)
        await expect(storage.stat(key)).rejects.toThrow(refusal)
        await expect(collect(storage.read(key))).rejects.toThrow(refusal)
      }
      expect(await keysOf(storage.list(''))).toEqual([])
    })

    check('prefixes that no key can have are refused', async (storage) => {
      for (const prefix of ['/', '../', 'a/../', './', 'a//', 'tmp/', 'é']) {
        await expect(keysOf(storage.list(prefix))).rejects.toThrow('not a prefix of storage keys')
      }
    })
  })
}
