/* Objects in archive classes, at a stand-in for Amazon's before the real server. */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { withRetry } from '../../src/storage/retry.ts'
import { openS3 } from '../../src/storage/s3/s3.ts'
import { temperatureBy } from '../../src/storage/s3/thawing.ts'
import type { Thawing } from '../../src/storage/thawing.ts'
import { startGlacier } from '../servers/glacier/server.ts'
import { createBucket, storageOptions } from '../support/bucket.ts'
import { s3Server } from '../support/s3Server.ts'
import { collect } from './streams.ts'

const server = await s3Server()
const content = { kind: 'content' } as const
const index = { kind: 'index' } as const

/** A bucket whose contents are frozen from the start, in a class. */
async function frozenPlace(storageClass: string) {
  await using stack = new AsyncDisposableStack()
  const bucket = stack.use(await createBucket(server))
  const glacier = stack.use(await startGlacier(server))
  const storage = withRetry(openS3({ ...storageOptions(glacier, bucket.name, 'p'), storageClass }))
  stack.defer(() => storage.close())
  const { thawing } = storage
  if (thawing === undefined) throw new Error('the storage knows no thawing')
  const owned = stack.move()
  return { bucket, glacier, storage, thawing, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function stateOf(thawing: Thawing, key: string): Promise<string> {
  return (await thawing.temperature(key, {})).state
}

test.each([
  ['GLACIER', 'bulk', 12],
  ['GLACIER', 'standard', 5],
  ['GLACIER', 'expedited', 5 / 60],
  ['DEEP_ARCHIVE', 'bulk', 48],
  ['DEEP_ARCHIVE', 'standard', 12],
] as const)(
  'an object in %s thaws (%s) within %d hours, and freezes again',
  async (storageClass, tier, hours) => {
    await using place = await frozenPlace(storageClass)
    const { storage, thawing, glacier, bucket } = place
    const bytes = randomBytes(1000)
    await storage.put('a/b', bytes, content)
    expect(await thawing.temperature('a/b', {})).toEqual({ state: 'frozen', storageClass })
    await expect(collect(storage.read('a/b'))).rejects.toMatchObject({
      name: 'ObjectFrozenError',
      key: 'a/b',
    })

    await thawing.thaw('a/b', tier, { days: 3 })
    expect(await thawing.temperature('a/b', {})).toEqual({ state: 'thawing', storageClass })
    await expect(collect(storage.read('a/b'))).rejects.toMatchObject({ name: 'ObjectFrozenError' })

    glacier.pass(hours)
    expect(await thawing.temperature('a/b', {})).toMatchObject({ state: 'thawed', until: expect.any(Date) })
    expect(bytes.equals(await collect(storage.read('a/b')))).toBe(true)

    glacier.pass(5 * 24)
    expect(await stateOf(thawing, 'a/b')).toBe('frozen')
    await expect(collect(storage.read('a/b'))).rejects.toMatchObject({ name: 'ObjectFrozenError' })
    expect(glacier.begun).toHaveLength(1)
    expect(glacier.begun[0]?.toLowerCase()).toBe(`${tier}, 3 days: /${bucket.name}/p/a/b`)
  },
)

describe('a thaw', () => {
  test('that is under way or over is not asked for again', async () => {
    await using place = await frozenPlace('GLACIER')
    const { storage, thawing, glacier } = place
    await storage.put('key', randomBytes(9), content)
    await thawing.thaw('key', 'bulk', { days: 1 })
    await thawing.thaw('key', 'expedited', { days: 1 })
    glacier.pass(12)
    await thawing.thaw('key', 'bulk', { days: 1 })
    expect(glacier.begun).toHaveLength(1)
  })

  test('asked for twice at once is begun once', async () => {
    await using place = await frozenPlace('GLACIER')
    const { storage, thawing, glacier } = place
    await storage.put('key', randomBytes(9), content)
    await Promise.all([
      thawing.thaw('key', 'bulk', { days: 1 }),
      thawing.thaw('key', 'bulk', { days: 1 }),
      thawing.thaw('key', 'bulk', { days: 1 }),
    ])
    expect(glacier.begun).toHaveLength(1)
  })

  test('of what is readable does nothing', async () => {
    await using place = await frozenPlace('GLACIER')
    const { storage, thawing, glacier } = place
    await storage.put('key', randomBytes(9), index)
    expect(await thawing.temperature('key', {})).toEqual({ state: 'readable' })
    await thawing.thaw('key', 'bulk', { days: 1 })
    expect(glacier.begun).toEqual([])
  })

  test('in a tier that the class does not have is refused before the server is asked', async () => {
    await using place = await frozenPlace('DEEP_ARCHIVE')
    const { storage, thawing, glacier } = place
    await storage.put('key', randomBytes(9), content)
    await expect(thawing.thaw('key', 'expedited', { days: 1 })).rejects.toMatchObject({
      name: 'StorageError',
      transient: false,
      message: "key can't be thawed expedited: DEEP_ARCHIVE does not have that",
    })
    expect(glacier.begun).toEqual([])
  })

  test('of what is missing is told', async () => {
    await using place = await frozenPlace('GLACIER')
    const missing = { name: 'ObjectMissingError', key: 'none' }
    await expect(place.thawing.temperature('none', {})).rejects.toMatchObject(missing)
    await expect(place.thawing.thaw('none', 'bulk', { days: 1 })).rejects.toMatchObject(missing)
  })
})

test('a large object freezes, too, and its index never does', async () => {
  await using place = await frozenPlace('DEEP_ARCHIVE')
  const { storage, thawing } = place
  const bytes = randomBytes(storage.capabilities.partSize + 1)
  const source = async function* () {
    yield Uint8Array.from(bytes)
  }
  await storage.upload('large', source(), { ...content, size: bytes.length })
  await storage.put('record', Buffer.from('record'), index)
  expect(await stateOf(thawing, 'large')).toBe('frozen')
  expect(String(await collect(storage.read('record')))).toBe('record')
  expect(await storage.stat('large')).toEqual({ size: bytes.length })
})

test('only a provider with such classes has thawing', () => {
  const options = { ...storageOptions(server, 'none'), provider: 'ceph' } as const
  expect(openS3(options).thawing).toBeUndefined()
})

test('the header of a thaw says how far it is', () => {
  expect(temperatureBy(undefined, 'GLACIER')).toEqual({ state: 'frozen', storageClass: 'GLACIER' })
  expect(
    temperatureBy('ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"', 'GLACIER'),
  ).toEqual({
    state: 'thawed',
    until: new Date('2012-12-21T00:00:00Z'),
  })
  expect(temperatureBy('ongoing-request="false"', 'GLACIER')).toEqual({ state: 'thawed', until: undefined })
})
