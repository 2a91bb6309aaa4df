import { describe, expect, test } from 'vitest'
import { AccessDeniedError, ObjectExistsError } from '../../src/storage/errors.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { createObject, createObjectFromStream, digestOf, readSmallObject } from '../../src/vault/objects.ts'
import { FaultyStorage } from '../support/faultyStorage.ts'
import { bytesOf } from './vaults.ts'

const key = 'packs/0000000000000000-0'
const bytes = Buffer.from('ours')
const kind = { kind: 'content' } as const

async function* streamOf(...chunks: Uint8Array[]) {
  yield* chunks
}

/** Both ways to create an object. */
const ways: [string, (storage: FaultyStorage | MemoryStorage, content?: Buffer) => Promise<unknown>][] = [
  ['createObject', async (storage, content = bytes) => await createObject(storage, key, content, kind)],
  [
    'createObjectFromStream',
    async (storage, content = bytes) =>
      await createObjectFromStream(storage, key, streamOf(content.subarray(0, 2), content.subarray(2)), kind),
  ],
]

describe.each(ways)('%s', (_, create) => {
  test('creates an object', async () => {
    const storage = new MemoryStorage()
    await create(storage)
    expect(await bytesOf(storage, key)).toEqual(bytes)
  })

  test('is content with what is there already when that is byte for byte the same', async () => {
    const storage = new MemoryStorage()
    await create(storage)
    await create(storage)
    expect(await bytesOf(storage, key)).toEqual(bytes)
  })

  test('refuses what others put there, of the same length or not, and leaves it', async () => {
    for (const theirs of ['yours', 'their', '', 'OURS']) {
      const storage = new MemoryStorage()
      await storage.put(key, Buffer.from(theirs), kind)
      await expect(create(storage)).rejects.toMatchObject({ name: 'ForeignObjectError', key })
      expect((await bytesOf(storage, key)).toString()).toBe(theirs)
    }
  })

  test('takes an object as not stored when it is there and nobody may look', async () => {
    const inner = new MemoryStorage()
    await create(inner)
    const storage = new FaultyStorage(inner)
    storage.breakNext('read', { error: new AccessDeniedError('no reading here') })
    await expect(create(storage)).rejects.toMatchObject({ name: 'UnprovenObjectError', key })
  })

  test('proves an object whose answer was lost', async () => {
    const storage = new FaultyStorage(new MemoryStorage())
    const lost = { error: new ObjectExistsError(key), when: 'after' as const }
    storage.breakNext('put', lost)
    storage.breakNext('upload', lost)
    await create(storage)
    expect(await bytesOf(storage, key)).toEqual(bytes)
  })

  test('passes other failures on', async () => {
    const storage = new FaultyStorage(new MemoryStorage())
    const error = new AccessDeniedError('no writing here')
    storage.breakNext('put', { error })
    storage.breakNext('upload', { error })
    await expect(create(storage)).rejects.toBe(error)
  })
})

test('a stream that failed half-way leaves nothing, and says why', async () => {
  const storage = new MemoryStorage()
  async function* failing() {
    yield bytes
    throw new Error('the file changed')
  }
  await expect(createObjectFromStream(storage, key, failing(), kind)).rejects.toThrow('the file changed')
  await expect(storage.stat(key)).rejects.toMatchObject({ name: 'ObjectMissingError' })
})

test('a small object that is larger than it can be does not fill the memory', async () => {
  const storage = new MemoryStorage()
  await storage.put(key, Buffer.alloc(1_000_000), kind)
  await expect(readSmallObject(storage, key, 999_999, {})).rejects.toMatchObject({
    name: 'ObjectTooLargeError',
  })
  expect(await readSmallObject(storage, key, 1_000_000, {})).toHaveLength(1_000_000)
})

test('the digest of a stream is that of its bytes, however they come', async () => {
  const whole = await digestOf(streamOf(Buffer.from('abc')))
  expect(await digestOf(streamOf(Buffer.from('a'), Buffer.alloc(0), Buffer.from('bc')))).toEqual(whole)
  expect(whole).toMatchObject({ size: 3 })
})
