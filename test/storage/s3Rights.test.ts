/* What the credentials may do, and how the bucket is set up: policies, versions, locks, keys of the server's own. */
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { attributesOf } from '../../src/storage/s3/creating.ts'
import { trialPrefix } from '../../src/storage/trial.ts'
import { startHttpProxy, type HttpFaultPlan } from '../support/httpProxy.ts'
import { firstLockVerdict } from '../../src/storage/s3/lock.ts'
import { openS3 } from '../../src/storage/s3/s3.ts'
import { s3Server } from '../support/s3Server.ts'
import { findingsOf } from './probe/probing.ts'
import { s3Place, verdict, type Setting } from './s3Place.ts'
import { collect, keysOf, pieces } from './streams.ts'

const server = await s3Server()
const index = { kind: 'index' } as const
const content = { kind: 'content' } as const
const megabyte = 1024 * 1024
const dayMs = 24 * 3_600_000
const own = `${trialPrefix}own`

describe('a trial of deleting', () => {
  test.each<[string, Setting, string]>([
    ['is allowed where nothing forbids it', {}, 'allowed'],
    ['is allowed where versions are kept, and may be deleted', { keeps: 'versions' }, 'allowed'],
    [
      'only hides the object where the policy keeps its versions',
      { keeps: 'versions', denied: ['s3:DeleteObjectVersion'] },
      'hidden',
    ],
    ['is refused by a policy', { denied: ['s3:DeleteObject', 's3:DeleteObjectVersion'] }, 'refused'],
    [
      'is refused by a policy where versions are kept, too',
      { keeps: 'versions', denied: ['s3:DeleteObject', 's3:DeleteObjectVersion'] },
      'refused',
    ],
    [
      'only hides what is locked',
      { keeps: 'locks', configured: { lock: { mode: 'governance', days: 1 } } },
      'hidden',
    ],
  ])('%s', async (_story, setting, expected) => {
    await using at = await s3Place(server, setting)
    await at.storage.put(own, Buffer.from('bytes'), index)
    expect(await at.trial.remove(own, {})).toBe(expected)
    expect(await keysOf(at.storage.list(''))).toEqual(expected === 'refused' ? [own] : [])
  })

  test('touches only what is a trial’s own', async () => {
    await using at = await s3Place(server)
    await at.storage.put('snapshots/1', Buffer.from('record'), index)
    await expect(at.trial.remove('snapshots/1', {})).rejects.toThrow('not a key of a trial')
    await expect(at.trial.overwrite('snapshots/1', Buffer.alloc(1), {})).rejects.toThrow(
      'not a key of a trial',
    )
    expect(String(await collect(at.storage.read('snapshots/1')))).toBe('record')
  })
})

describe('a trial of replacing', () => {
  test.each<[string, Setting, string]>([
    ['is allowed where nothing forbids it', {}, 'allowed'],
    ['hides what was there where versions are kept', { keeps: 'versions' }, 'hidden'],
    ['is refused by a policy', { denied: ['s3:PutObject'] }, 'refused'],
  ])('%s', async (_story, setting, expected) => {
    await using at = await s3Place(server, setting)
    if (expected !== 'refused') await at.storage.put(own, Buffer.from('first'), index)
    expect(await at.trial.overwrite(own, Buffer.from('second'), {})).toBe(expected)
  })
})

/** The bucket policy of docs/destinations/s3.md, which Amazon heeds and the server of the tests does not. */
const onlyConditional: HttpFaultPlan = (request, headers) => {
  const creates = /^PUT [^?]+$|^POST .*\?uploadId$/.test(request)
  return creates && headers['if-none-match'] === undefined ? { status: 403, code: 'AccessDenied' } : undefined
}

test('a bucket whose policy lets nobody create without a condition is found to be good', async () => {
  await using proxy = await startHttpProxy(server.endpoint, { plan: onlyConditional })
  const lock = { mode: 'governance', days: 3 } as const
  await using at = await s3Place(server, { keeps: 'locks', configured: { endpoint: proxy.url, lock } })
  const findings = await findingsOf(at.storage)
  const good = Object.values(findings).filter(({ result }) => result === 'good')
  expect(good.map(({ what }) => what)).toEqual(
    expect.arrayContaining(['credentials', 'replacing', 'conditional writes', 'checksums', 'object lock']),
  )
  expect(Object.values(findings).filter(({ result }) => result === 'unknown')).toEqual([])
})

test('that a request for a checksum got lost proves nothing of checksums', async () => {
  await using proxy = await startHttpProxy(server.endpoint)
  await using at = await s3Place(server, { configured: { endpoint: proxy.url } })
  proxy.breakNext(/^PUT .*altered/, 'lost request')
  expect((await findingsOf(at.storage))['checksums']?.result).toBe('unknown')
})

describe('the bucket', () => {
  test('tells whether it keeps versions, where that may be asked', async () => {
    await using keeping = await s3Place(server, { keeps: 'versions' })
    await using plain = await s3Place(server)
    await using silent = await s3Place(server, { denied: ['s3:GetBucketVersioning'] })
    expect(await keeping.trial.keepsVersions({})).toBe(true)
    expect(await plain.trial.keepsVersions({})).toBe(false)
    expect(await silent.trial.keepsVersions({})).toBeUndefined()
  })

  test('tells the time, also to those who may not look at it', async () => {
    await using at = await s3Place(server)
    await using closed = await s3Place(server, { denied: ['s3:ListBucket'] })
    for (const { trial } of [at, closed]) {
      const time = await trial.clock({})
      expect(Math.abs((time?.getTime() ?? 0) - Date.now())).toBeLessThan(5000)
    }
  })
})

describe('a wrong clock', () => {
  afterEach(() => void vi.useRealTimers())

  test('is told as such by the server’s refusal', async () => {
    await using at = await s3Place(server)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 })
    await expect(at.storage.put('key', Buffer.alloc(1), index)).rejects.toMatchObject({
      name: 'AccessDeniedError',
      message: expect.stringContaining('clock is wrong'),
    })
  })
})

describe('a lock', () => {
  const lock = { mode: 'governance', days: 3 } as const

  test('is on every new object, however it is created, and is told', async () => {
    await using at = await s3Place(server, { keeps: 'locks', configured: { lock } })
    const { storage, resumable } = at
    const bytes = randomBytes(storage.capabilities.partSize + megabyte)
    await storage.put('put', Buffer.from('bytes'), index)
    await storage.upload('uploaded', pieces(bytes, megabyte), content)
    const upload = await resumable.begin('resumed', { ...content, size: 5, pieceSize: 5 })
    await upload.append(Buffer.from('bytes'), {})
    await upload.complete({})
    for (const key of ['put', 'uploaded', 'resumed']) {
      const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = await at.head(key)
      expect(mode).toBe('GOVERNANCE')
      expect((until?.getTime() ?? 0) - Date.now()).toBeGreaterThan(3 * dayMs - 60_000)
      expect((until?.getTime() ?? 0) - Date.now()).toBeLessThanOrEqual(3 * dayMs)
    }
    const day = new Date(Date.now() + 3 * dayMs).toISOString().slice(0, 10)
    expect(await verdict(storage, 'object lock')).toEqual({
      result: 'good',
      detail: `new objects are locked until ${day} (governance); the first lock ends ${day}`,
    })
  })

  test('that what was stored first does not have is told', async () => {
    await using bare = await s3Place(server, { keeps: 'locks' })
    await bare.storage.put('vault.json', Buffer.from('{}'), index)
    const storage = openS3({ ...bare.options, lock })
    expect(await verdict(storage, 'object lock')).toEqual({
      result: 'weak',
      detail: expect.stringMatching(/^new objects are locked until .*; what was stored first is not$/),
      remedy: expect.stringContaining('Locks are not renewed yet'),
    })
    await storage.close()
  })

  test('that ended is told, and one that lasts', () => {
    const now = new Date('2026-11-21T12:00:00Z')
    expect(firstLockVerdict({ until: new Date('2026-11-20T00:00:00Z') }, now)).toMatchObject({
      result: 'weak',
      detail: 'the first lock ended 2026-11-20',
    })
    expect(firstLockVerdict({ until: new Date('2026-12-20T00:00:00Z') }, now)).toEqual({
      result: 'good',
      detail: 'the first lock ends 2026-12-20',
    })
  })

  test('in a bucket that has none is refused with the first object', async () => {
    await using at = await s3Place(server, { configured: { lock } })
    await expect(at.storage.put('key', Buffer.alloc(1), index)).rejects.toMatchObject({
      name: 'StorageError',
      transient: false,
    })
  })

  test('is not looked for where none is configured', async () => {
    await using at = await s3Place(server)
    expect(at.trial.steps?.map(({ what }) => what)).not.toContain('object lock')
  })
})

describe('encryption by the server', () => {
  test('is asked for with the key that is configured', async () => {
    await using at = await s3Place(server, { configured: { encryption: { kmsKeyId: 'testkey' } } })
    const { storage } = at
    const bytes = randomBytes(storage.capabilities.partSize + 5)
    await storage.put('put', Buffer.from('bytes'), index)
    await storage.upload('uploaded', pieces(bytes, megabyte), content)
    for (const key of ['put', 'uploaded']) {
      expect(await at.head(key)).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'testkey' })
    }
    expect(String(await collect(storage.read('put')))).toBe('bytes')
    expect(bytes.equals(await collect(storage.read('uploaded')))).toBe(true)
    expect(await verdict(storage, 'resuming')).toMatchObject({ result: 'good' })
  })

  test('may be with a key of its own', () => {
    expect(attributesOf('index', { encryption: 's3' })).toEqual({ ServerSideEncryption: 'AES256' })
  })
})
