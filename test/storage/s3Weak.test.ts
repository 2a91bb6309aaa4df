/*
 * An older server, Ceph 18, that heeds `If-None-Match` on PutObject and not on CompleteMultipartUpload: what a provider
 * claims and what a server does are two things.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomBytes } from 'node:crypto'
import { ObjectExistsError } from '../../src/storage/errors.ts'
import type { S3Options } from '../../src/storage/options.ts'
import { openS3 } from '../../src/storage/s3/s3.ts'
import { trialPrefix, type TrialVerdict } from '../../src/storage/trial.ts'
import { createBucket, storageOptions } from '../support/bucket.ts'
import { startCeph, type RunningS3Server } from '../support/ceph.ts'
import { collect, pieces } from './streams.ts'

const content = { kind: 'content' } as const
const megabyte = 1024 * 1024
let server: RunningS3Server

beforeAll(async () => {
  server = await startCeph({ suite: 'trixie' })
})
afterAll(() => server[Symbol.asyncDispose]())

async function weakPlace(configured: Partial<S3Options>) {
  await using stack = new AsyncDisposableStack()
  const bucket = stack.use(await createBucket(server))
  const storage = openS3({ ...storageOptions(server, bucket.name), ...configured })
  stack.defer(() => storage.close())
  const owned = stack.move()
  return { storage, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** What the probe's step of that name says. */
async function verdict(configured: Partial<S3Options>, what: string): Promise<TrialVerdict | undefined> {
  await using place = await weakPlace(configured)
  const step = place.storage.trial?.steps?.find((step) => step.what === what)
  return await step?.try({ key: (name) => `${trialPrefix}${name}`, call: {} })
}

describe('the probe', () => {
  test('notices that conditions are heeded on small creates alone', async () => {
    expect(await verdict({}, 'conditional writes')).toEqual({
      result: 'bad',
      detail: 'If-None-Match is heeded on small creates, and not on those in parts',
      remedy: 'Set conditionalWrites: put.',
    })
  })

  test('is as content as it can be once that is configured', async () => {
    expect(await verdict({ conditionalWrites: 'put' }, 'conditional writes')).toMatchObject({
      result: 'weak',
    })
  })

  test('notices that more would be heeded than is configured', async () => {
    expect(await verdict({ conditionalWrites: 'none' }, 'conditional writes')).toMatchObject({
      result: 'weak',
      remedy: 'Set conditionalWrites: put.',
    })
  })

  test.each(['sha256', 'md5'] as const)(
    'sees that altered bytes are refused by their %s',
    async (checksum) => {
      expect(await verdict({ checksum }, 'checksums')).toMatchObject({ result: 'good' })
    },
  )

  test.each(['sha256', 'md5'] as const)('sees that parts are known again by their %s', async (checksum) => {
    expect(await verdict({ checksum }, 'resuming')).toMatchObject({ result: 'good' })
  })
})

describe('on a taken key', () => {
  const long = (partSize: number) => randomBytes(partSize + megabyte)

  test('a long upload would replace what is there, if its condition were trusted', async () => {
    await using place = await weakPlace({})
    const { storage } = place
    await storage.put('taken', Buffer.from('first'), content)
    await storage.upload('taken', pieces(long(storage.capabilities.partSize), megabyte), content)
    expect((await storage.stat('taken')).size).toBeGreaterThan(megabyte)
  })

  test('a long upload is refused by looking first, and says that it is no more than that', async () => {
    await using place = await weakPlace({ conditionalWrites: 'put' })
    const { storage } = place
    expect(storage.capabilities.atomicCreate).toBe(false)
    await storage.put('taken', Buffer.from('first'), content)
    const second = storage.upload('taken', pieces(long(storage.capabilities.partSize), megabyte), content)
    await expect(second).rejects.toBeInstanceOf(ObjectExistsError)
    await expect(storage.put('taken', Buffer.from('second'), content)).rejects.toBeInstanceOf(
      ObjectExistsError,
    )
    expect(String(await collect(storage.read('taken')))).toBe('first')
    expect(await Array.fromAsync(storage.leftovers?.list({}) ?? [])).toEqual([])
  })

  test('an upload that went on is refused, too', async () => {
    await using place = await weakPlace({ conditionalWrites: 'put' })
    const { storage } = place
    await storage.put('taken', Buffer.from('first'), content)
    const bytes = long(storage.capabilities.partSize)
    const options = { ...content, size: bytes.length, pieceSize: storage.capabilities.partSize }
    const upload = await storage.resumable?.begin('taken', options)
    await upload?.append(bytes.subarray(0, options.pieceSize), {})
    const resumed = await storage.resumable?.resume('taken', upload?.token ?? '', options)
    expect(resumed?.held).toBe(options.pieceSize)
    for (const at of [0, options.pieceSize]) {
      await resumed?.append(bytes.subarray(at, at + options.pieceSize), {})
    }
    await expect(resumed?.complete({})).rejects.toBeInstanceOf(ObjectExistsError)
    expect(String(await collect(storage.read('taken')))).toBe('first')
  })
})
