import { HeadObjectCommand, ListMultipartUploadsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openStorage } from '../../src/storage/open.ts'
import { defaultRetryPolicy } from '../../src/storage/retry.ts'
import { openS3 } from '../../src/storage/s3/s3.ts'
import { partSizeFor } from '../../src/storage/s3/upload.ts'
import { createBucket, s3Client, storageOptions } from '../support/bucket.ts'
import { s3Server } from '../support/s3Server.ts'
import { conformance } from './conformance.ts'
import { collect, keysOf, pieces } from './streams.ts'

const server = await s3Server()
const client = s3Client(server)

conformance(openEmpty, { resumable: true })

async function openEmpty() {
  const bucket = await createBucket(server)
  const options = storageOptions(server, bucket.name, 'a prefix/of it')
  const storage = openS3(options)
  return {
    storage,
    reopen: async () => openS3(options),
    leftovers: async () => {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket.name }))
      return Uploads.map(({ Key }) => Key ?? '')
    },
    async [Symbol.asyncDispose]() {
      await storage.close()
      await bucket[Symbol.asyncDispose]()
    },
  }
}

describe('on the server', () => {
  const large = 9 * 1024 * 1024

  test('contents alone go into the configured storage class', async () => {
    await using bucket = await createBucket(server)
    const storage = openS3({ ...storageOptions(server, bucket.name), storageClass: 'STANDARD_IA' })
    await storage.put('small content', randomBytes(10), { kind: 'content' })
    await storage.put('small index', randomBytes(10), { kind: 'index' })
    await storage.upload('large content', pieces(randomBytes(large), large), { kind: 'content' })
    await storage.upload('large index', pieces(randomBytes(large), large), { kind: 'index' })
    const classOf = async (key: string) =>
      (await client.send(new HeadObjectCommand({ Bucket: bucket.name, Key: key }))).StorageClass ?? 'STANDARD'
    expect(await classOf('small content')).toBe('STANDARD_IA')
    expect(await classOf('large content')).toBe('STANDARD_IA')
    expect(await classOf('small index')).toBe('STANDARD')
    expect(await classOf('large index')).toBe('STANDARD')
    await storage.close()
  })

  test('the prefix is part of the key there, and of no key here', async () => {
    await using bucket = await createBucket(server)
    const storage = openS3(storageOptions(server, bucket.name, 'photos/immich'))
    const whole = openS3(storageOptions(server, bucket.name))
    await storage.put('a/b', randomBytes(1), { kind: 'index' })
    await whole.put('photos/immichx', randomBytes(1), { kind: 'index' })
    expect(await keysOf(whole.list(''))).toEqual(['photos/immich/a/b', 'photos/immichx'])
    expect(await keysOf(storage.list(''))).toEqual(['a/b'])
    expect(storage.location).toBe(`s3://${bucket.name}/photos/immich`)
    await storage.close()
    await whole.close()
  })

  test('what is no key is not listed', async () => {
    await using bucket = await createBucket(server)
    for (const key of ['folder/', 'a//b', '../a', 'caf\u00e9', 'tmp/a', 'key']) {
      await client.send(new PutObjectCommand({ Bucket: bucket.name, Key: key, Body: 'x' }))
    }
    const storage = openS3(storageOptions(server, bucket.name))
    expect(await keysOf(storage.list(''))).toEqual(['key'])
    await storage.close()
  })

  test('a missing bucket is told as such by every call', async () => {
    const storage = openS3(storageOptions(server, 'no-such-bucket'), {
      retry: { ...defaultRetryPolicy, tries: 1 },
      idleMs: 60_000,
    })
    const expected = { name: 'UserError', message: 'there is no bucket no-such-bucket' }
    const options = { kind: 'content' } as const
    await expect(storage.put('key', randomBytes(1), options)).rejects.toMatchObject(expected)
    await expect(storage.upload('key', pieces(randomBytes(large), large), options)).rejects.toMatchObject(
      expected,
    )
    await expect(storage.stat('key')).rejects.toMatchObject(expected)
    await expect(collect(storage.read('key'))).rejects.toMatchObject(expected)
    await expect(keysOf(storage.list(''))).rejects.toMatchObject(expected)
    await storage.close()
  })

  test('wrong credentials are told as such, without naming the secret', async () => {
    await using bucket = await createBucket(server)
    const secretAccessKey = 'a-wrong-secret'
    const storage = openS3(storageOptions({ ...server, secretAccessKey }, bucket.name))
    const error: unknown = await storage
      .put('key', randomBytes(1), { kind: 'index' })
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'AccessDeniedError', message: expect.stringContaining('403') })
    expect(inspect(error, { depth: 10 })).not.toContain(secretAccessKey)
    await storage.close()
  })

  test('the whole stack opens from plain options', async () => {
    await using bucket = await createBucket(server)
    const storage = await openStorage(structuredClone(storageOptions(server, bucket.name)))
    await storage.put('key', Buffer.from('bytes'), { kind: 'index' })
    expect(String(await collect(storage.read('key')))).toBe('bytes')
    await storage.close()
  })
})

test('parts grow with the object, so that 10,000 are always enough', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 1e9 }), (size, usual) => {
      const partSize = partSizeFor(size, usual)
      expect(partSize).toBeGreaterThanOrEqual(usual)
      expect(Math.ceil(size / partSize)).toBeLessThanOrEqual(10_000)
    }),
  )
  expect(partSizeFor(undefined, 8)).toBe(8)
})
