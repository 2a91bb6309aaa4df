/* How the Cloud Storage backend meets a server and a network that misbehave. */
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { ObjectExistsError, ObjectMissingError } from '../../src/storage/errors.ts'
import { openGcs } from '../../src/storage/gcs/gcs.ts'
import type { ResumableUpload } from '../../src/storage/resumable.ts'
import { withRetry, type RetryPolicy } from '../../src/storage/retry.ts'
import type { Fault } from '../servers/gcs/faults.ts'
import { startGcsServer } from '../servers/gcs/server.ts'
import { gcsOptions, newBucket } from '../support/gcs.ts'
import { collect, keysOf, pieces } from './streams.ts'

const server = await startGcsServer()
afterAll(() => server[Symbol.asyncDispose]())
const quick: RetryPolicy = { tries: 4, firstDelayMs: 1, maxDelayMs: 4, budgetMs: 10_000 }
const idleMs = 500
const kind = 'content' as const
const megabyte = 1024 * 1024

/** A bucket of its own; `bare` is the backend alone and `storage` has the retry wrapper around it. */
function place() {
  const bucket = newBucket(server)
  const bare = openGcs(gcsOptions(server, bucket), { retry: quick, idleMs })
  const mine = () => server.requests.filter(({ line }) => line.includes(bucket.name))
  return {
    bucket,
    bare,
    storage: withRetry(bare, quick),
    /** The requests so far, without the bucket's name. */
    lines: () => mine().map(({ line }) => line.replace(bucket.name, 'bucket')),
    /** Bytes that sessions have received so far. */
    sentToSessions: () =>
      mine()
        .filter(({ line }) => line.startsWith('PUT'))
        .reduce((sum, { received }) => sum + received, 0),
    /** Adds faults for the next requests to this bucket whose line holds a text. */
    breakNext: (text: string, ...faults: Fault[]) =>
      server.breakNext(new RegExp(`${bucket.name}.*${RegExp.escape(text)}`), ...faults),
    unfinished: () => server.sessions.unfinished(bucket),
    [Symbol.asyncDispose]: () => bare.close(),
  }
}

/** Everything that a person could get to see of an error. */
async function shown(failing: Promise<unknown>): Promise<string> {
  const error: unknown = await failing.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(Error)
  return inspect(error, { depth: 10, showHidden: true })
}

describe('one call', () => {
  test('is one request each', async () => {
    await using at = place()
    await at.bare.put('a/key', Buffer.from('bytes'), { kind })
    await at.bare.upload('a/stream', pieces(Buffer.from('bytes'), 2), { kind })
    await collect(at.bare.read('a/key'))
    await at.bare.stat('a/key')
    await keysOf(at.bare.list('a/'))
    expect(at.lines()).toEqual([
      'POST /upload/storage/v1/b/bucket/o?multipart',
      'POST /upload/storage/v1/b/bucket/o?multipart',
      'GET /storage/v1/b/bucket/o/a%2Fkey?media',
      'GET /storage/v1/b/bucket/o/a%2Fkey',
      'GET /storage/v1/b/bucket/o',
    ])
  })

  test.each([
    [500, 'backendError'],
    [503, 'backendError'],
    [502, 'badGateway'],
    [429, 'rateLimitExceeded'],
    [403, 'rateLimitExceeded'],
    [408, 'requestTimeout'],
  ])('answered %i %s may succeed later', async (status, reason) => {
    await using at = place()
    at.breakNext('multipart', { status, reason })
    await expect(at.bare.put('key', Buffer.alloc(1), { kind })).rejects.toMatchObject({
      name: 'StorageError',
      transient: true,
      message: `${status} ${reason}: said the fault`,
    })
    expect(at.lines()).toHaveLength(1)
  })

  test.each([
    [400, 'invalid', 'StorageError', /^400 invalid: said the fault/],
    [405, 'methodNotAllowed', 'StorageError', /^405/],
    [501, 'notImplemented', 'StorageError', /^501/],
    [401, 'authError', 'AccessDeniedError', /refuses key: 401 authError/],
    [403, 'forbidden', 'AccessDeniedError', /refuses key: 403 forbidden/],
    [403, 'accountDisabled', 'AccessDeniedError', /accountDisabled/],
    [403, 'retentionPolicyNotMet', 'AccessDeniedError', /retentionPolicyNotMet/],
  ])('answered %i %s never will', async (status, reason, name, message) => {
    await using at = place()
    at.breakNext('multipart', { status, reason })
    await expect(at.storage.put('key', Buffer.alloc(1), { kind })).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message),
    })
    expect(at.lines()).toHaveLength(1)
  })

  test('a server that says when to come back is heard', async () => {
    await using at = place()
    at.breakNext('?media', { status: 429, headers: { 'retry-after': '7' } })
    await expect(collect(at.bare.read('key'))).rejects.toMatchObject({ retryAfterMs: 7000 })
  })

  test('a page of something in between is told by its status alone', async () => {
    await using at = place()
    at.breakNext('/key', { page: 502 })
    await expect(at.bare.stat('key')).rejects.toMatchObject({ message: '502', transient: true })
  })

  test('a server that nobody reaches is told after a few tries', async () => {
    const gone = await startGcsServer()
    await gone[Symbol.asyncDispose]()
    const storage = withRetry(openGcs(gcsOptions(gone, { name: 'none' })), quick)
    await expect(storage.stat('key')).rejects.toThrow(
      /gave up after 4 tries over \d+ s: connect ECONNREFUSED/,
    )
    await storage.close()
  })
})

describe('a silent server', () => {
  test('that never answers is given up, and asked again', async () => {
    await using at = place()
    await at.bare.put('key', Buffer.from('bytes'), { kind })
    at.breakNext('/key', 'silence', 'silence')
    await expect(at.bare.stat('key')).rejects.toMatchObject({
      transient: true,
      message: 'ETIMEDOUT: nothing came from the server for 0.5 s',
    })
    expect(await at.storage.stat('key')).toEqual({ size: 5 })
  })

  test('that falls silent in the middle of its answer is given up, and the read goes on', async () => {
    await using at = place()
    const bytes = randomBytes(3 * megabyte)
    await at.bare.put('key', bytes, { kind })
    at.breakNext('?media', { silentAfter: megabyte })
    expect(bytes.equals(await collect(at.storage.read('key')))).toBe(true)
  })

  test('is not one whose reader takes its time', async () => {
    await using at = place()
    const bytes = randomBytes(8 * megabyte)
    await at.bare.put('key', bytes, { kind })
    const chunks: Uint8Array[] = []
    for await (const chunk of at.bare.read('key')) {
      if (chunks.length === 3) await new Promise((resolve) => setTimeout(resolve, 3 * idleMs))
      chunks.push(chunk)
    }
    expect(bytes.equals(Buffer.concat(chunks))).toBe(true)
  })

  test('is left at once when the signal aborts', async () => {
    await using at = place()
    const reason = new Error('enough')
    const controller = new AbortController()
    at.breakNext('multipart', 'silence')
    const putting = at.bare.put('key', Buffer.alloc(9), { kind, signal: controller.signal })
    setTimeout(() => controller.abort(reason), 50)
    await expect(putting).rejects.toBe(reason)
  })
})

describe('a put', () => {
  test('gets through a bad minute', async () => {
    await using at = place()
    const bytes = randomBytes(3 * megabyte)
    at.breakNext('multipart', 'lost request', { status: 503 }, { breakAfter: megabyte })
    await at.storage.put('key', bytes, { kind })
    expect(bytes.equals(await collect(at.storage.read('key')))).toBe(true)
    expect(at.lines().filter((line) => line.startsWith('POST'))).toHaveLength(4)
  })

  test('whose answer was lost ends as a taken key, and the object is whole', async () => {
    await using at = place()
    const bytes = randomBytes(megabyte)
    at.breakNext('multipart', 'lost answer')
    await expect(at.storage.put('key', bytes, { kind })).rejects.toThrow(ObjectExistsError)
    expect(bytes.equals(await collect(at.storage.read('key')))).toBe(true)
  })

  test('that is altered on the way is refused by the server, and sent again', async () => {
    await using at = place()
    const bytes = randomBytes(megabyte)
    at.breakNext('multipart', { flip: 'request' }, { flip: 'request' })
    await expect(at.bare.put('key', bytes, { kind })).rejects.toMatchObject({
      transient: true,
      message: expect.stringContaining("doesn't match calculated CRC32C"),
    })
    await expect(at.storage.stat('key')).rejects.toBeInstanceOf(ObjectMissingError)
    await at.storage.put('key', bytes, { kind })
    expect(bytes.equals(await collect(at.storage.read('key')))).toBe(true)
  })
})

describe('a read', () => {
  test('that breaks off goes on where it was', async () => {
    await using at = place()
    const bytes = randomBytes(3 * megabyte)
    await at.bare.put('key', bytes, { kind })
    at.breakNext('?media', { cutAnswerAt: megabyte }, { status: 500 }, { cutAnswerAt: megabyte + 7 })
    expect(bytes.equals(await collect(at.storage.read('key')))).toBe(true)
    at.breakNext('?media', { cutAnswerAt: 1000 })
    const range = { offset: 12_345, length: 2 * megabyte }
    const expected = bytes.subarray(range.offset, range.offset + range.length)
    expect(expected.equals(await collect(at.storage.read('key', { range })))).toBe(true)
  })

  test('of a whole object that was altered on the way fails, and is not taken for a broken connection', async () => {
    await using at = place()
    await at.bare.put('key', randomBytes(megabyte), { kind })
    at.breakNext('?media', { flip: 'answer' })
    await expect(collect(at.storage.read('key'))).rejects.toMatchObject({
      name: 'StorageError',
      transient: false,
      message: 'key came with another CRC-32C than the server has of it',
    })
  })
})

describe('an upload', () => {
  const partSize = 8 * megabyte

  test('sends each byte once when all is well', async () => {
    await using at = place()
    const bytes = randomBytes(2 * partSize + 5)
    await at.storage.upload('key', pieces(bytes, megabyte), { kind, size: bytes.length })
    expect(at.lines()).toEqual([
      'POST /upload/storage/v1/b/bucket/o?resumable',
      'PUT /upload/storage/v1/b/bucket/o bytes 0-8388607/*',
      'PUT /upload/storage/v1/b/bucket/o bytes 8388608-16777215/*',
      'PUT /upload/storage/v1/b/bucket/o bytes 16777216-16777220/16777221',
    ])
    expect(at.sentToSessions()).toBe(bytes.length)
  })

  test('repeats only what was lost', async () => {
    await using at = place()
    const bytes = randomBytes(2 * partSize + 5)
    at.breakNext('?resumable', 'lost request', 'lost answer', { status: 503 })
    at.breakNext('bytes 0-', { breakAfter: 5 * megabyte })
    at.breakNext('bytes 8388608-', 'lost answer')
    at.breakNext('bytes */*', { status: 503 })
    await at.storage.upload('key', pieces(bytes, megabyte), { kind, size: bytes.length })
    expect(bytes.equals(await collect(at.storage.read('key')))).toBe(true)
    const slack = megabyte
    expect(at.sentToSessions()).toBeLessThan(bytes.length + slack)
  })

  test('goes on from what the server kept, where it kept less than it got', async () => {
    await using at = place()
    const bytes = randomBytes(2 * partSize)
    at.breakNext('bytes 0-', { keepOnly: 3 * megabyte + 99 })
    at.breakNext('bytes 3145728-', { keepOnly: 0 })
    await at.storage.upload('key', pieces(bytes, megabyte), { kind, size: bytes.length })
    expect(bytes.equals(await collect(at.storage.read('key')))).toBe(true)
  })

  test('to a server that keeps nothing is given up', async () => {
    await using at = place()
    at.breakNext('bytes 0-', ...Array.from({ length: 4 }, () => ({ keepOnly: 0 })))
    const uploading = at.storage.upload('key', pieces(randomBytes(partSize), megabyte), { kind })
    await expect(uploading).rejects.toThrow(/gave up after 4 tries.*kept nothing of what came from byte 0/)
    expect(at.unfinished()).toEqual([])
  })

  test('whose last answer was lost is found complete', async () => {
    await using at = place()
    const bytes = randomBytes(partSize + 5)
    at.breakNext('/8388613', 'lost answer')
    await at.storage.upload('key', pieces(bytes, megabyte), { kind, size: bytes.length })
    expect(bytes.equals(await collect(at.storage.read('key')))).toBe(true)
  })

  test('whose last answer was lost, and that the server forgot since, is told as a taken key', async () => {
    await using at = place()
    const bytes = randomBytes(partSize + 5)
    at.breakNext('/8388613', 'lost answer')
    at.breakNext('bytes */*', { page: 404 })
    const uploading = at.storage.upload('key', pieces(bytes, megabyte), { kind, size: bytes.length })
    await expect(uploading).rejects.toThrow(ObjectExistsError)
    expect(bytes.equals(await collect(at.storage.read('key')))).toBe(true)
  })

  test('that the server forgets is told as gone', async () => {
    await using at = place()
    at.breakNext('bytes 8388608-', { page: 410 })
    const uploading = at.storage.upload('key', pieces(randomBytes(2 * partSize), megabyte), { kind })
    await expect(uploading).rejects.toMatchObject({ name: 'UploadGoneError' })
    expect(await keysOf(at.storage.list(''))).toEqual([])
  })

  test.each([['bytes 0-'], ['/16777221']])('altered on the way (%s) becomes no object', async (which) => {
    await using at = place()
    const bytes = randomBytes(2 * partSize + 5)
    at.breakNext(which, { flip: 'request' })
    await expect(at.storage.upload('key', pieces(bytes, megabyte), { kind })).rejects.toMatchObject({
      name: 'StorageError',
      message: 'key did not arrive as it was sent',
    })
    expect(await keysOf(at.storage.list(''))).toEqual([])
    expect(at.unfinished()).toEqual([])
  })

  test('that fails for good stops drawing from its source', async () => {
    await using at = place()
    at.breakNext('bytes 8388608-', { status: 403, reason: 'forbidden' })
    let drawn = 0
    const source = async function* () {
      for (; drawn < 20; drawn++) yield randomBytes(partSize)
    }
    await expect(at.storage.upload('key', source(), { kind })).rejects.toThrow(/403 forbidden/)
    expect(drawn).toBeLessThan(20)
    expect(at.unfinished()).toEqual([])
  })

  test('keeps the first reason when it cannot be ended, and tells that, too', async () => {
    await using at = place()
    const reason = new Error('the source broke')
    server.breakNext(new RegExp(`^DELETE.*${at.bucket.name}`), { status: 503 })
    const source = async function* () {
      yield randomBytes(partSize)
      throw reason
    }
    await expect(at.storage.upload('key', source(), { kind })).rejects.toBe(reason)
    expect(reason.cause).toMatchObject({ name: 'StorageError' })
  })
})

describe('a session', () => {
  const pieceSize = 2 * megabyte
  const begun = async (at: ReturnType<typeof place>, bytes: Buffer): Promise<ResumableUpload> => {
    const upload = await at.bare.resumable?.begin('key', { kind, size: bytes.length, pieceSize })
    if (upload === undefined) throw new Error('no resumable uploads')
    return upload
  }

  test('killed in the middle of a piece sends at most that piece again, counted at the server', async () => {
    await using at = place()
    const bytes = randomBytes(10 * pieceSize)
    const piece = (n: number) => bytes.subarray(n * pieceSize, (n + 1) * pieceSize)
    const first = await begun(at, bytes)
    for (let n = 0; n < 9; n++) await first.append(piece(n), {})
    const killed = new AbortController()
    at.breakNext('bytes 18874368-', { breakAfter: megabyte + 5 })
    at.breakNext('bytes */*', 'silence')
    const dying = first.append(piece(9), { signal: killed.signal })
    setTimeout(() => killed.abort(new Error('killed')), 100)
    await expect(dying).rejects.toThrow('killed')

    const elsewhere = openGcs(gcsOptions(server, at.bucket))
    const second = await elsewhere.resumable?.resume('key', first.token, {
      kind,
      size: bytes.length,
      pieceSize,
    })
    expect(second?.held).toBe(9 * pieceSize + megabyte)
    for (let n = 0; n < 10; n++) await second?.append(piece(n), {})
    await second?.complete({})
    await elsewhere.close()
    expect(bytes.equals(await collect(at.storage.read('key')))).toBe(true)
    expect(at.sentToSessions()).toBeLessThanOrEqual(bytes.length + pieceSize)
  })

  test('whose URI is its own key to the upload shows it in no error', async () => {
    await using at = place()
    const bytes = randomBytes(2 * pieceSize)
    const upload = await begun(at, bytes)
    const id = new URL(upload.token.split(' ')[0] ?? '').searchParams.get('upload_id') ?? ''
    expect(id).not.toBe('')
    const first = bytes.subarray(0, pieceSize)
    const message = `The session upload_id=${id} is broken.`
    const failures: Fault[] = [
      { status: 400, message },
      { page: 400 },
      { page: 404 },
      'lost request',
      'lost request',
      'lost request',
      'lost request',
    ]
    for (const failure of failures.slice(0, 3)) {
      at.breakNext(' bytes', failure)
      expect(await shown(upload.append(first, {}))).not.toContain(id)
    }
    at.breakNext(' bytes', ...failures.slice(3))
    expect(await shown(upload.append(first, {}))).not.toContain(id)
    at.breakNext(' bytes', 'silence', 'silence', 'silence', 'silence')
    const aborted = upload.append(first, { signal: AbortSignal.timeout(20) })
    expect(await shown(aborted)).not.toContain(id)
  })

  test('on another server than ours is not spoken to', async () => {
    await using at = place()
    const upload = await begun(at, randomBytes(pieceSize))
    const { origin } = new URL(server.url)
    const elsewhere = upload.token.replace(origin, 'http://127.0.0.1:9')
    const options = { kind, size: pieceSize, pieceSize }
    expect(await at.bare.resumable?.resume('key', elsewhere, options)).toBeUndefined()
    await upload.abandon({})
  })
})
