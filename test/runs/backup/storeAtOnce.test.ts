import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { objectSize } from '../../../src/crypto/envelope.ts'
import type { LargeContent } from '../../../src/runs/backup/largeUpload.ts'
import { UnstableFileError } from '../../../src/runs/backup/readFailures.ts'
import { storeAtOnce } from '../../../src/runs/backup/storeAtOnce.ts'
import { StorageError } from '../../../src/storage/errors.ts'
import type { RetryPolicy } from '../../../src/storage/retry.ts'
import { FaultyStorage } from '../../support/faultyStorage.ts'
import { keysOf } from '../../vault/vaults.ts'
import { contentOf, newBench, partSize, storedContent } from './largeContents.ts'

const bytes = randomBytes(3 * partSize + 12_345)
const content = contentOf(bytes)
const quick: RetryPolicy = { tries: 4, firstDelayMs: 1, maxDelayMs: 4, budgetMs: 10_000 }
const broken = () => ({ error: new StorageError('503 SlowDown', { transient: true }) })

async function place() {
  const bench = await newBench()
  const run = await bench.run()
  const storage = new FaultyStorage(bench.storage)
  const { id: vaultId, keys } = bench.vault
  let passed = 0
  const watch = { signal: new AbortController().signal, passed: (more: number) => void (passed += more) }
  return {
    storage,
    passed: () => passed,
    left: async () => await keysOf(bench.storage, 'objects/'),
    store: async (what: LargeContent) =>
      await storeAtOnce(
        { storage, vaultId, names: keys.names },
        what,
        run.key,
        Buffer.alloc(partSize),
        watch,
        quick,
      ),
    stored: async (object: Awaited<ReturnType<typeof storeAtOnce>>) =>
      await storedContent(bench, run, content, { object, earlierKey: undefined }),
  }
}

describe('a content that goes by one upload', () => {
  for (const size of [1, partSize - 1, partSize, partSize + 1])
    test(`of ${size} bytes is stored whole`, async () => {
      const { store } = await place()
      expect(await store(contentOf(randomBytes(size)))).toMatchObject({ size: objectSize(size) })
    })

  test('begins anew when the upload broke off', async () => {
    const { storage, store, stored } = await place()
    storage.breakNext('upload', broken(), broken(), broken())
    expect(bytes.equals(await stored(await store(content)))).toBe(true)
    expect(storage.left).toBe(0)
  })

  test('is known again when only the answer was lost', async () => {
    const { storage, store, stored } = await place()
    storage.breakNext('upload', { ...broken(), when: 'after' })
    expect(bytes.equals(await stored(await store(content)))).toBe(true)
  })

  test('is given up after as many tries as allowed, and at once when trying is no use', async () => {
    const { storage, store } = await place()
    storage.breakNext('upload', broken(), broken(), broken(), broken(), broken())
    await expect(store(content)).rejects.toThrow(/gave up after 4 tries.*503 SlowDown/)
    expect(storage.left).toBe(1)
    storage.breakNext('upload', { error: new StorageError('400', { transient: false }) })
    await expect(store(content)).rejects.toThrow('400')
  })

  test('that changed since it was read first is not stored', async () => {
    const { store, left } = await place()
    const changed = Buffer.from(bytes)
    changed.writeUInt8(changed.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
    await expect(store(contentOf(bytes, changed))).rejects.toThrow(UnstableFileError)
    expect(await left()).toEqual([])
  })

  test('that changed between two tries is not sent again', async () => {
    const { storage, store } = await place()
    storage.breakNext('upload', { ...broken(), when: 'after' })
    let reads = 0
    const changing: LargeContent = {
      ...content,
      read: async (target, position) => {
        await content.read(target, position)
        reads += 1
        if (reads > bytes.length / partSize + 1) target.writeUInt8(target.readUInt8(0) ^ 1, 0)
      },
    }
    await expect(store(changing)).rejects.toThrow(UnstableFileError)
  })

  test('counts each byte once, however often it was sent', async () => {
    const { storage, store, passed } = await place()
    storage.breakNext('upload', { ...broken(), when: 'after' })
    await store(content)
    expect(passed()).toBe(bytes.length)
  })
})
