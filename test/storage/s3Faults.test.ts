/* How the S3 backend meets a server and a network that misbehave: through a proxy that breaks what it is told to. */
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ObjectExistsError, ObjectMissingError } from '../../src/storage/errors.ts'
import { withRetry, type RetryPolicy } from '../../src/storage/retry.ts'
import { openS3 } from '../../src/storage/s3/s3.ts'
import { createBucket, s3Client, storageOptions } from '../support/bucket.ts'
import { startHttpProxy } from '../support/httpProxy.ts'
import { s3Server } from '../support/s3Server.ts'
import { collect, keysOf, pieces } from './streams.ts'

const server = await s3Server()
const client = s3Client(server)
const quick: RetryPolicy = { tries: 4, firstDelayMs: 1, maxDelayMs: 4, budgetMs: 10_000 }
const idleMs = 1000
const kind = 'content' as const
const megabyte = 1024 * 1024

/** A bucket behind a proxy; `bare` is the backend alone and `storage` has the retry wrapper around it. */
async function brokenPlace() {
  await using stack = new AsyncDisposableStack()
  const bucket = stack.use(await createBucket(server))
  const proxy = stack.use(await startHttpProxy(server.endpoint))
  const bare = openS3(storageOptions({ ...server, endpoint: proxy.url }, bucket.name), {
    retry: quick,
    idleMs,
  })
  stack.defer(() => bare.close())
  const owned = stack.move()
  return {
    proxy,
    bare,
    storage: withRetry(bare, quick),
    unfinished: async () => {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket.name }))
      return Uploads.length
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

describe('one call', () => {
  test('is one request each', async () => {
    await using place = await brokenPlace()
    const { bare, proxy } = place
    await bare.put('a/key', Buffer.from('bytes'), { kind })
    await collect(bare.read('a/key'))
    await bare.stat('a/key')
    await keysOf(bare.list('a/'))
    expect(proxy.requests.map((line) => line.replace(/test-[^/]*/, 'bucket'))).toEqual([
      'PUT /bucket/a/key',
      'GET /bucket/a/key',
      'HEAD /bucket/a/key',
      'GET /bucket/',
    ])
  })

  test.each([
    [500, 'InternalError'],
    [503, 'SlowDown'],
    [502, 'BadGateway'],
    [429, 'TooManyRequests'],
    [408, 'RequestTimeout'],
    [400, 'RequestTimeout'],
    [400, 'BadDigest'],
    [409, 'ConditionalRequestConflict'],
    [409, 'OperationAborted'],
  ])('answered %i %s may succeed later', async (status, code) => {
    await using place = await brokenPlace()
    place.proxy.breakNext(/^PUT/, { status, code })
    await expect(place.bare.put('key', Buffer.alloc(1), { kind })).rejects.toMatchObject({
      name: 'StorageError',
      transient: true,
      message: `${status} ${code}: said the proxy`,
    })
    expect(place.proxy.requests).toHaveLength(1)
  })

  test.each([
    [400, 'InvalidRequest'],
    [400, 'EntityTooLarge'],
    [405, 'MethodNotAllowed'],
    [501, 'NotImplemented'],
  ])('answered %i %s never will', async (status, code) => {
    await using place = await brokenPlace()
    place.proxy.breakNext(/^PUT/, { status, code })
    await expect(place.storage.put('key', Buffer.alloc(1), { kind })).rejects.toMatchObject({
      name: 'StorageError',
      transient: false,
    })
    expect(place.proxy.requests).toHaveLength(1)
  })

  test.each([
    [403, 'RequestTimeTooSkewed', 'AccessDeniedError', /clock is wrong/],
    [403, 'AccessDenied', 'AccessDeniedError', /403 AccessDenied/],
    [403, 'QuotaExceeded', 'AccessDeniedError', /403 QuotaExceeded/],
    [400, 'ExpiredToken', 'AccessDeniedError', /have expired/],
    [400, 'AuthorizationHeaderMalformed', 'UserError', /not in this region/],
    [301, 'PermanentRedirect', 'UserError', /not in this region/],
  ])('answered %i %s says what to do', async (status, code, name, message) => {
    await using place = await brokenPlace()
    place.proxy.breakNext(/^PUT/, { status, code })
    await expect(place.storage.put('key', Buffer.alloc(1), { kind })).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message),
    })
    expect(place.proxy.requests).toHaveLength(1)
  })

  test('a server that says when to come back is heard', async () => {
    await using place = await brokenPlace()
    const headers = { 'retry-after': '7' }
    place.proxy.breakNext(/^GET/, { status: 503, code: 'SlowDown', headers })
    await expect(collect(place.bare.read('key'))).rejects.toMatchObject({ retryAfterMs: 7000 })
    const date = new Date(Date.now() + 60_000).toUTCString()
    place.proxy.breakNext(/^GET/, { status: 503, code: 'SlowDown', headers: { 'retry-after': date } })
    const error: unknown = await collect(place.bare.read('key')).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ retryAfterMs: expect.closeTo(60_000, -4) })
  })

  test('a broken connection may succeed later', async () => {
    await using place = await brokenPlace()
    place.proxy.breakNext(/^PUT/, 'lost request')
    await expect(place.bare.put('key', randomBytes(5 * megabyte), { kind })).rejects.toMatchObject({
      name: 'StorageError',
      transient: true,
    })
  })

  test('a server that nobody reaches is told after a few tries', async () => {
    const proxy = await startHttpProxy(server.endpoint)
    await proxy[Symbol.asyncDispose]()
    const storage = withRetry(openS3(storageOptions({ ...server, endpoint: proxy.url }, 'none')), quick)
    await expect(storage.stat('key')).rejects.toThrow(
      /gave up after 4 tries over \d+ s: connect ECONNREFUSED/,
    )
    await storage.close()
  })
})

describe('a silent server', () => {
  test('that never answers is given up, and asked again', async () => {
    await using place = await brokenPlace()
    await place.bare.put('key', Buffer.from('bytes'), { kind })
    place.proxy.breakNext(/^HEAD/, 'silence', 'silence')
    await expect(place.bare.stat('key')).rejects.toMatchObject({ name: 'StorageError', transient: true })
    expect(await place.storage.stat('key')).toEqual({ size: 5 })
  })

  test('that falls silent in the middle of its answer is given up, and the read goes on', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(3 * megabyte)
    await place.bare.put('key', bytes, { kind })
    place.proxy.breakNext(/^GET/, { silentAfter: megabyte })
    expect(bytes.equals(await collect(place.storage.read('key')))).toBe(true)
  })

  test('is left at once when the signal aborts', async () => {
    await using place = await brokenPlace()
    const reason = new Error('enough')
    const controller = new AbortController()
    place.proxy.breakNext(/^PUT/, 'silence')
    const putting = place.bare.put('key', Buffer.alloc(9), { kind, signal: controller.signal })
    setTimeout(() => controller.abort(reason), 50)
    await expect(putting).rejects.toBe(reason)
  })
})

describe('a put', () => {
  test('gets through a bad minute', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(3 * megabyte)
    place.proxy.breakNext(/^PUT/, 'lost request', { status: 503, code: 'SlowDown' }, 'lost request')
    await place.storage.put('key', bytes, { kind })
    expect(bytes.equals(await collect(place.storage.read('key')))).toBe(true)
    expect(place.proxy.requests.filter((line) => line.startsWith('PUT'))).toHaveLength(4)
  })

  test('whose answer was lost ends as a taken key, and the object is whole', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(megabyte)
    place.proxy.breakNext(/^PUT/, 'lost answer')
    await expect(place.storage.put('key', bytes, { kind })).rejects.toThrow(ObjectExistsError)
    expect(bytes.equals(await collect(place.storage.read('key')))).toBe(true)
  })

  test('of bytes that are not those of the given SHA-256 is refused by the server', async () => {
    await using place = await brokenPlace()
    const sha256 = createHash('sha256').update('other bytes').digest()
    await expect(place.storage.put('key', Buffer.from('bytes'), { kind, sha256 })).rejects.toThrow(
      /gave up|400/,
    )
    await expect(place.storage.stat('key')).rejects.toBeInstanceOf(ObjectMissingError)
  })
})

describe('a read', () => {
  test('that breaks off is an error without the wrapper', async () => {
    await using place = await brokenPlace()
    await place.bare.put('key', randomBytes(2 * megabyte), { kind })
    place.proxy.breakNext(/^GET/, { cutAnswerAt: megabyte })
    await expect(collect(place.bare.read('key'))).rejects.toMatchObject({
      name: 'StorageError',
      transient: true,
    })
  })

  test('that breaks off goes on where it was', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(3 * megabyte)
    await place.bare.put('key', bytes, { kind })
    place.proxy.breakNext(
      /^GET/,
      { cutAnswerAt: megabyte },
      { status: 500, code: 'InternalError' },
      { cutAnswerAt: megabyte + 7 },
    )
    expect(bytes.equals(await collect(place.storage.read('key')))).toBe(true)
    place.proxy.breakNext(/^GET/, { cutAnswerAt: 1000 })
    const range = { offset: 12_345, length: 2 * megabyte }
    const expected = bytes.subarray(range.offset, range.offset + range.length)
    expect(expected.equals(await collect(place.storage.read('key', { range })))).toBe(true)
  })
})

describe('an upload', () => {
  test('sends each part once when all is well', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(2 * place.storage.capabilities.partSize + 5)
    await place.storage.upload('key', pieces(bytes, megabyte), { kind, size: bytes.length })
    const lines = place.proxy.requests.map((line) => line.replace(/\/.*\//, '/'))
    expect(lines.toSorted()).toEqual([
      'POST /key?uploadId',
      'POST /key?uploads',
      'PUT /key?partNumber=1',
      'PUT /key?partNumber=2',
      'PUT /key?partNumber=3',
    ])
  })

  test('repeats only what was lost', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(4 * place.storage.capabilities.partSize + 5)
    place.proxy.breakNext(/\?uploads$/, 'lost request', 'lost answer')
    place.proxy.breakNext(/partNumber=2/, 'lost request', { status: 503, code: 'SlowDown' })
    place.proxy.breakNext(/partNumber=4/, 'lost answer')
    place.proxy.breakNext(/^POST.*uploadId/, { status: 500, code: 'InternalError' })
    await place.storage.upload('key', pieces(bytes, megabyte), { kind, size: bytes.length })
    expect(bytes.equals(await collect(place.storage.read('key')))).toBe(true)
    const parts = [1, 2, 3, 4, 5].map(
      (number) => place.proxy.requests.filter((line) => line.endsWith(`partNumber=${number}`)).length,
    )
    expect(parts).toEqual([1, 3, 1, 2, 1])
  })

  test('of one part repeats that', async () => {
    await using place = await brokenPlace()
    place.proxy.breakNext(/^PUT/, 'lost request', { status: 503, code: 'SlowDown' })
    await place.storage.upload('key', pieces(Buffer.from('bytes'), 2), { kind })
    expect(String(await collect(place.storage.read('key')))).toBe('bytes')
  })

  test('whose last answer was lost is completed by asking again', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(place.storage.capabilities.partSize + 5)
    place.proxy.breakNext(/^POST.*uploadId/, 'lost answer')
    await place.storage.upload('key', pieces(bytes, megabyte), { kind, size: bytes.length })
    expect(bytes.equals(await collect(place.storage.read('key')))).toBe(true)
    expect(await place.unfinished()).toBe(0)
  })

  test('whose last answer was lost, and that the server forgot since, is told as a taken key', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(place.storage.capabilities.partSize + 5)
    place.proxy.breakNext(/^POST.*uploadId/, 'lost answer', { status: 404, code: 'NoSuchUpload' })
    const uploading = place.storage.upload('key', pieces(bytes, megabyte), { kind, size: bytes.length })
    await expect(uploading).rejects.toThrow(ObjectExistsError)
    expect(bytes.equals(await collect(place.storage.read('key')))).toBe(true)
  })

  test('that was gone when it was to be completed, with nothing there, is a plain failure', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(place.storage.capabilities.partSize + 5)
    place.proxy.breakNext(/^POST.*uploadId/, { status: 404, code: 'NoSuchUpload' })
    await expect(
      place.storage.upload('key', pieces(bytes, megabyte), { kind, size: bytes.length }),
    ).rejects.toMatchObject({ name: 'StorageError', message: expect.stringContaining('NoSuchUpload') })
    expect(await keysOf(place.storage.list(''))).toEqual([])
    expect(await place.unfinished()).toBe(0)
  })

  test('that fails for good stops drawing from its source and leaves no parts', async () => {
    await using place = await brokenPlace()
    const { partSize } = place.storage.capabilities
    place.proxy.breakNext(/partNumber=2/, { status: 403, code: 'AccessDenied' })
    let drawn = 0
    const source = async function* () {
      for (; drawn < 20; drawn++) yield randomBytes(partSize)
    }
    await expect(place.storage.upload('key', source(), { kind })).rejects.toThrow(/403 AccessDenied/)
    expect(drawn).toBeLessThan(20)
    expect(await place.unfinished()).toBe(0)
  })

  test('keeps the first reason when its parts cannot be removed, and tells that, too', async () => {
    await using place = await brokenPlace()
    const { partSize } = place.storage.capabilities
    const reason = new Error('the source broke')
    place.proxy.breakNext(/^DELETE/, { status: 403, code: 'AccessDenied' })
    const source = async function* () {
      yield randomBytes(2 * partSize)
      throw reason
    }
    await expect(place.storage.upload('key', source(), { kind })).rejects.toBe(reason)
    expect(reason.cause).toMatchObject({ name: 'AccessDeniedError' })
  })
})
