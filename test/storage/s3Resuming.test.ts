/* Uploads in parts that end otherwise than planned: going on with them, and what they leave behind. */
import { describe, expect, test } from 'vitest'
import { S3Bucket } from '../../src/storage/s3/bucket.ts'
import { MultipartUpload } from '../../src/storage/s3/multipart.ts'
import { openS3 } from '../../src/storage/s3/s3.ts'
import { startHttpProxy } from '../support/httpProxy.ts'
import { s3Server } from '../support/s3Server.ts'
import { s3Place, verdict } from './s3Place.ts'
import { collect } from './streams.ts'

const server = await s3Server()
const content = { kind: 'content' } as const

describe('resuming', () => {
  test('without the right to list parts begins anew, and the probe says which right that is', async () => {
    await using at = await s3Place(server, { denied: ['s3:ListMultipartUploadParts'] })
    const options = { ...content, size: 5, pieceSize: 5 }
    const { token } = await at.resumable.begin('key', options)
    expect(await at.resumable.resume('key', token, options)).toBeUndefined()
    expect(await verdict(at.storage, 'resuming')).toMatchObject({
      result: 'weak',
      remedy: 'Allow s3:ListMultipartUploadParts.',
    })
  })

  test('an upload that may not be aborted is given up all the same', async () => {
    await using at = await s3Place(server, { denied: ['s3:AbortMultipartUpload'] })
    const upload = await at.resumable.begin('key', { ...content, size: 5, pieceSize: 5 })
    await upload.abandon({})
    expect(await verdict(at.storage, 'resuming')).toMatchObject({ result: 'good' })
  })

  test('knows the parts of every page', async () => {
    await using at = await s3Place(server)
    const policy = { tries: 1, firstDelayMs: 1, maxDelayMs: 1, budgetMs: 60_000 }
    const bucket = new S3Bucket(at.options, 60_000)
    const upload = await MultipartUpload.begin(bucket, 'key', policy, content)
    for (let from = 1; from <= 210; from += 10) {
      const numbers = Array.from({ length: 10 }, (_, n) => from + n)
      await Promise.all(numbers.map((number) => upload.send(number, Buffer.from(`${number}`), {})))
    }
    const held = await upload.held({})
    expect([...(held?.keys() ?? [])].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 210 }, (_, n) => n + 1),
    )
    expect(held?.get(210)?.size).toBe(3)
    bucket.client.destroy()
  })

  test('an upload that another request was in the way of is gone, and begins anew', async () => {
    await using at = await s3Place(server)
    await using proxy = await startHttpProxy(server.endpoint)
    const storage = openS3({ ...at.options, endpoint: proxy.url })
    const options = { ...content, size: 5, pieceSize: 5 }
    const upload = await storage.resumable?.begin('key', options)
    await upload?.append(Buffer.from('bytes'), {})
    proxy.breakNext(/^POST.*uploadId/, { status: 409, code: 'ConditionalRequestConflict' })
    await expect(upload?.complete({})).rejects.toMatchObject({ name: 'UploadGoneError' })
    expect(await Array.fromAsync(at.leftovers.list({}))).toEqual([])
    await storage.close()
  })

  test('an upload that nobody can tell the end of is gone, and not an error of the credentials', async () => {
    await using at = await s3Place(server, { denied: ['s3:GetObject'] })
    await using proxy = await startHttpProxy(server.endpoint)
    const storage = openS3({ ...at.options, endpoint: proxy.url })
    const upload = await storage.resumable?.begin('key', { ...content, size: 5, pieceSize: 5 })
    await upload?.append(Buffer.from('bytes'), {})
    proxy.breakNext(/^POST.*uploadId/, 'lost answer', { status: 404, code: 'NoSuchUpload' })
    await expect(upload?.complete({})).rejects.toMatchObject({ name: 'UploadGoneError' })
    await storage.close()
  })

  test('a failure that hides in an answer of success is tried again', async () => {
    await using at = await s3Place(server)
    await using proxy = await startHttpProxy(server.endpoint)
    const storage = openS3(
      { ...at.options, endpoint: proxy.url },
      {
        retry: { tries: 3, firstDelayMs: 1, maxDelayMs: 1, budgetMs: 10_000 },
        idleMs: 5000,
      },
    )
    const upload = await storage.resumable?.begin('key', { ...content, size: 5, pieceSize: 5 })
    await upload?.append(Buffer.from('bytes'), {})
    proxy.breakNext(/^POST.*uploadId/, { status: 200, code: 'InternalError' })
    await upload?.complete({})
    expect(String(await collect(at.storage.read('key')))).toBe('bytes')
    await storage.close()
  })
})

describe('leftovers', () => {
  test('are the uploads below the prefix that never ended, of every page, and each can be removed', async () => {
    await using at = await s3Place(server)
    const elsewhere = openS3({ ...at.options, prefix: 'other' })
    await elsewhere.resumable?.begin('key', { ...content, size: 5, pieceSize: 5 })
    const keys = Array.from({ length: 205 }, (_, n) => `objects/${String(n).padStart(4, '0')}`)
    const before = Date.now()
    for (let from = 0; from < keys.length; from += 15) {
      await Promise.all(
        keys
          .slice(from, from + 15)
          .map((key) => at.resumable.begin(key, { ...content, size: 5, pieceSize: 5 })),
      )
    }
    const found = await Array.fromAsync(at.leftovers.list({}))
    expect(found.map(({ key }) => key)).toEqual(keys)
    const [first] = found
    expect(Math.abs((first?.time.getTime() ?? 0) - before)).toBeLessThan(60_000)
    if (first) {
      await at.leftovers.remove(first, {})
      await at.leftovers.remove(first, {})
    }
    expect(await Array.fromAsync(at.leftovers.list({}))).toHaveLength(keys.length - 1)
    expect(at.leftovers.rule).toContain('AbortIncompleteMultipartUpload')
    await elsewhere.close()
  })

  test('that may not be removed are told', async () => {
    await using at = await s3Place(server, { denied: ['s3:AbortMultipartUpload'] })
    await at.resumable.begin('key', { ...content, size: 5, pieceSize: 5 })
    const [leftover] = await Array.fromAsync(at.leftovers.list({}))
    const removing = leftover && at.leftovers.remove(leftover, {})
    await expect(removing).rejects.toMatchObject({ name: 'AccessDeniedError' })
  })
})
