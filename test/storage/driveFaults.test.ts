/* How the Drive backend meets a server and a network that misbehave. */
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { ObjectExistsError, ObjectMissingError } from '../../src/storage/errors.ts'
import { UploadGoneError, type ResumableUpload } from '../../src/storage/resumable.ts'
import { withRetry } from '../../src/storage/retry.ts'
import { DriveRefusal } from '../servers/drive/errors.ts'
import { drivePlace, quick } from '../support/drive.ts'
import { startHttpProxy } from '../support/httpProxy.ts'
import { collect, keysOf, pieces } from './streams.ts'

const kind = 'content' as const
const megabyte = 1024 * 1024
const idleMs = 1000
const creating = /^POST \/upload/
const sending = /^PUT \/upload/

/** A Drive behind a proxy; `bare` is the backend alone and `storage` has the retry wrapper around it. */
async function brokenPlace() {
  await using stack = new AsyncDisposableStack()
  const place = stack.use(await drivePlace(idleMs))
  const proxy = stack.use(await startHttpProxy(place.server.url))
  const bare = place.open({ endpoint: `${proxy.url}/` })
  const owned = stack.move()
  return {
    ...place,
    proxy,
    bare,
    storage: withRetry(bare, quick),
    /** Bytes that arrived in requests to upload sessions. */
    sentBytes: () =>
      place.server.requests
        .filter(({ line }) => sending.test(line))
        .reduce((sum, { bytes }) => sum + bytes, 0),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

describe('an answer', () => {
  test.each([
    [403, 'rateLimitExceeded'],
    [403, 'userRateLimitExceeded'],
    [403, 'sharingRateLimitExceeded'],
    [429, 'rateLimitExceeded'],
    [408, 'requestTimeout'],
    [500, 'internalError'],
    [502, 'badGateway'],
    [503, 'backendError'],
  ])('of %i %s may be another one later', async (status, reason) => {
    await using place = await drivePlace()
    const storage = place.open()
    place.server.refuseNext(creating, new DriveRefusal(status, reason, 'said the server'))
    await expect(storage.put('key', Buffer.from('bytes'), { kind })).rejects.toMatchObject({
      name: 'StorageError',
      transient: true,
      message: `${status} ${reason} said the server`,
    })
    const uploads = place.server.requests.filter(({ line }) => creating.test(line))
    expect(uploads).toHaveLength(1)
    await storage.put('key', Buffer.from('bytes'), { kind })
  })

  test.each([
    [403, 'storageQuotaExceeded', 'StorageError', /Make room/],
    [403, 'teamDriveFileLimitExceeded', 'StorageError', /500,000 items/],
    [403, 'dailyLimitExceeded', 'StorageError', /tomorrow/],
    [403, 'insufficientFilePermissions', 'AccessDeniedError', /contributor/],
    [403, 'accessNotConfigured', 'UserError', /Enable it/],
    [401, 'authError', 'AccessDeniedError', /service account key/],
  ])('of %i %s says what to do', async (status, reason, name, hint) => {
    await using place = await drivePlace()
    const storage = withRetry(place.open(), quick)
    place.server.refuseNext(creating, new DriveRefusal(status, reason, 'said the server'))
    await expect(storage.put('key', Buffer.from('bytes'), { kind })).rejects.toMatchObject({
      name,
      message: expect.stringContaining(`${status} ${reason} said the server`),
      hint: expect.stringMatching(hint),
    })
    expect(place.server.requests.filter(({ line }) => creating.test(line))).toHaveLength(1)
  })

  test('that says when to come back is heard', async () => {
    await using place = await drivePlace()
    const storage = place.open()
    await storage.put('key', Buffer.from('bytes'), { kind })
    place.server.refuseNext(/^GET/, tooMany('7'))
    await expect(storage.stat('key')).rejects.toMatchObject({ retryAfterMs: 7000 })
    place.server.refuseNext(/^GET/, tooMany(new Date(Date.now() + 60_000).toUTCString()))
    const error: unknown = await storage.stat('key').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ retryAfterMs: expect.closeTo(60_000, -4) })
  })
})

describe('credentials', () => {
  test('that were revoked are told as such', async () => {
    await using place = await drivePlace()
    const { tokens } = place.server
    const { clientId, clientSecret, refreshToken } = tokens
    tokens.refreshToken = 'another one'
    const storage = place.open({ credentials: { clientId, clientSecret, refreshToken }, folder: undefined })
    await expect(storage.stat('key')).rejects.toMatchObject({
      name: 'AccessDeniedError',
      message: expect.stringContaining('invalid_grant Token has been expired or revoked'),
      hint: expect.stringContaining('Make a new one'),
    })
  })

  test('of no app are told as such', async () => {
    await using place = await drivePlace()
    const { clientId, refreshToken } = place.server.tokens
    const credentials = { clientId, clientSecret: 'wrong', refreshToken }
    await expect(place.open({ credentials, folder: undefined }).stat('key')).rejects.toMatchObject({
      name: 'AccessDeniedError',
      message: expect.stringContaining('invalid_client'),
    })
  })

  test('are asked for again when Google is out of order', async () => {
    await using place = await drivePlace()
    const storage = withRetry(place.open(), quick)
    place.server.refuseNext(/^POST \/token/, new DriveRefusal(503, 'backendError', 'Try again'))
    await storage.put('key', Buffer.from('bytes'), { kind })
    expect(place.server.requests.filter(({ line }) => line === 'POST /token')).toHaveLength(2)
  })

  test('that never come are waited for no longer than for any silent server', async () => {
    await using place = await brokenPlace()
    place.proxy.breakNext(/^POST \/token/, 'silence')
    const first = place.bare.stat('key')
    const joining = place.bare.stat('key')
    await expect(first).rejects.toMatchObject({ name: 'StorageError', transient: true })
    await expect(joining).rejects.toMatchObject({ name: 'StorageError', transient: true })
    expect(place.proxy.requests).toEqual(['POST /token'])
  })

  test('that do not come are not waited for by who has left', async () => {
    await using place = await brokenPlace()
    place.proxy.breakNext(/^POST \/token/, 'silence')
    const reason = new Error('enough')
    const controller = new AbortController()
    const asking = place.bare.stat('key', { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 50)
    await expect(asking).rejects.toBe(reason)
  })

  test('appear in no error, and neither does the address of an upload', async () => {
    await using place = await brokenPlace()
    const { tokens } = place.server
    const { clientId, clientSecret, refreshToken } = tokens
    const user = place.open({
      credentials: { clientId, clientSecret, refreshToken },
      endpoint: `${place.proxy.url}/`,
      folder: undefined,
    })
    const secrets = [clientSecret, refreshToken, 'ya29.', 'upload_id=', 'PRIVATE KEY-----', 'assertion=']
    const uploads = async (storage: typeof user) => {
      const upload = await storage.resumable?.begin('key', { kind, size: megabyte, pieceSize: megabyte })
      secrets.push(upload?.token ?? '')
      place.proxy.breakNext(sending, ...Array<'lost request'>(9).fill('lost request'))
      await upload?.append(randomBytes(megabyte), {})
    }
    const attempts = [
      async () => {
        place.server.refuseNext(
          /^POST \/token/,
          new DriveRefusal(400, 'x', `echo ${refreshToken} upload_id=1`),
        )
        await user.stat('key')
      },
      async () => uploads(place.bare),
      async () => uploads(user),
      async () => {
        place.proxy.breakNext(/^GET/, 'lost request')
        await user.stat('key')
      },
      async () => {
        place.server.refuseNext(/^GET/, new DriveRefusal(403, 'denied', 'No'))
        await user.stat('key')
      },
      async () => {
        tokens.refreshToken = 'another'
        tokens.revokeAccess()
        await user.stat('key')
      },
    ]
    const errors: unknown[] = []
    for (const attempt of attempts) errors.push(await attempt().catch((error: unknown) => error))
    expect(errors.every((error) => error instanceof Error)).toBe(true)
    // What the server itself repeats to everybody who asks is not ours to know.
    const told = errors.slice(1).map((error) => inspect(error, { depth: 20, showHidden: true }))
    for (const text of told) expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
  })
})

describe('a silent server', () => {
  test('is given up, and asked again', async () => {
    await using place = await brokenPlace()
    await place.bare.put('key', Buffer.from('bytes'), { kind })
    place.proxy.breakNext(/^GET/, 'silence', 'silence')
    await expect(place.bare.stat('key')).rejects.toMatchObject({ name: 'StorageError', transient: true })
    expect(await place.storage.stat('key')).toEqual({ size: 5 })
  })

  test('that falls silent in the middle of its answer is given up, and the read goes on', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(3 * megabyte)
    await place.bare.put('key', bytes, { kind })
    place.proxy.breakNext(/^GET .*files\/1/, { silentAfter: megabyte })
    expect(bytes.equals(await collect(place.storage.read('key')))).toBe(true)
  })

  test('is left at once when the signal aborts', async () => {
    await using place = await brokenPlace()
    const reason = new Error('enough')
    for (const [matches, size] of [
      [creating, 9],
      [sending, 6 * megabyte],
    ] as const) {
      const controller = new AbortController()
      place.proxy.breakNext(matches, 'silence')
      const { signal } = controller
      const putting = place.bare.put(`key${size}`, randomBytes(size), { kind, signal })
      setTimeout(() => controller.abort(reason), 200)
      await expect(putting).rejects.toBe(reason)
    }
  })

  test('a reader who takes his time is not mistaken for one', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(3 * megabyte)
    await place.bare.put('key', bytes, { kind })
    const chunks: Uint8Array[] = []
    for await (const chunk of place.bare.read('key')) {
      if (chunks.length === 0) await new Promise((resolve) => setTimeout(resolve, 2 * idleMs))
      chunks.push(chunk)
    }
    expect(bytes.equals(Buffer.concat(chunks))).toBe(true)
  })
})

describe('a put', () => {
  test('gets through a bad minute, and makes one file', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(3 * megabyte)
    place.proxy.breakNext(creating, 'lost request', 'lost request')
    place.server.refuseNext(creating, new DriveRefusal(403, 'userRateLimitExceeded', 'Slow down'))
    await place.storage.put('key', bytes, { kind })
    expect(bytes.equals(await collect(place.storage.read('key')))).toBe(true)
    expect(place.server.files.all().filter(({ name }) => name === 'key')).toHaveLength(1)
  })

  test('whose answer was lost ends as a taken key, and the object is whole', async () => {
    await using place = await brokenPlace()
    place.server.files.indexIsLate = true
    const bytes = randomBytes(megabyte)
    place.proxy.breakNext(creating, 'lost answer')
    await expect(place.storage.put('key', bytes, { kind })).rejects.toBeInstanceOf(ObjectExistsError)
    expect(bytes.equals(await collect(place.storage.read('key')))).toBe(true)
    expect(place.server.files.all().filter(({ name }) => name === 'key')).toHaveLength(1)
  })

  test.each([100, 6 * megabyte])('of %i bytes that were altered on the way is taken back', async (size) => {
    await using place = await drivePlace()
    place.server.files.alterNext = 1
    const storage = place.open()
    const bytes = randomBytes(size)
    await expect(storage.put('key', bytes, { kind })).rejects.toMatchObject({
      name: 'AlteredError',
      transient: true,
    })
    await expect(storage.stat('key')).rejects.toBeInstanceOf(ObjectMissingError)
    expect(place.server.files.trashed()).toHaveLength(1)
    await storage.put('key', bytes, { kind })
    expect(bytes.equals(await collect(storage.read('key')))).toBe(true)
  })

  test('is checked also when Drive has its sums a moment later', async () => {
    await using place = await drivePlace()
    const { files } = place.server
    files.checksumsAreLate = true
    const storage = place.open()
    await storage.put('right', randomBytes(9), { kind })
    files.alterNext = 1
    await expect(storage.put('wrong', randomBytes(9), { kind })).rejects.toMatchObject({
      name: 'AlteredError',
    })
    expect(await keysOf(storage.list(''))).toEqual(['right'])
  })

  test('of more than 5 MB takes two requests more, and sends its bytes once', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(6 * megabyte)
    await place.bare.put('first', Buffer.alloc(1), { kind })
    const before = place.proxy.requests.length
    await place.bare.put('key', bytes, { kind })
    const methods = place.proxy.requests.slice(before).map((line) => line.split(' ', 1)[0])
    expect(methods).toEqual(['POST', 'GET', 'GET', 'PUT', 'GET'])
    expect(place.sentBytes()).toBe(bytes.length)
    place.proxy.breakNext(sending, 'lost answer')
    await place.bare.put('again', bytes, { kind })
    expect(bytes.equals(await collect(place.bare.read('again')))).toBe(true)
    expect(place.sentBytes()).toBe(2 * bytes.length)
  })

  test('that was altered and can not be taken back says which file it is', async () => {
    await using place = await drivePlace()
    place.server.files.alterNext = 1
    place.server.files.role = 'contributor'
    await expect(place.open().put('key', randomBytes(9), { kind })).rejects.toMatchObject({
      name: 'AccessDeniedError',
      hint: expect.stringContaining('by hand'),
    })
  })
})

describe('a read', () => {
  test('that breaks off is an error without the wrapper, and goes on where it was with it', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(3 * megabyte)
    await place.bare.put('key', bytes, { kind })
    const downloading = /^GET .*files\/1/
    place.proxy.breakNext(downloading, { cutAnswerAt: megabyte })
    await expect(collect(place.bare.read('key'))).rejects.toMatchObject({
      name: 'StorageError',
      transient: true,
    })
    place.proxy.breakNext(downloading, { cutAnswerAt: megabyte }, { cutAnswerAt: megabyte + 7 })
    place.server.refuseNext(downloading, new DriveRefusal(500, 'internalError', 'Oops'))
    expect(bytes.equals(await collect(place.storage.read('key')))).toBe(true)
    place.proxy.breakNext(downloading, { cutAnswerAt: 1000 })
    const range = { offset: 12_345, length: 2 * megabyte }
    const expected = bytes.subarray(range.offset, range.offset + range.length)
    expect(expected.equals(await collect(place.storage.read('key', { range })))).toBe(true)
  })
})

describe('an upload', () => {
  test('sends each byte once when all is well', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(3 * place.bare.capabilities.partSize + 5)
    await place.bare.upload('key', pieces(bytes, megabyte), { kind, size: bytes.length })
    expect(place.sentBytes()).toBe(bytes.length)
    expect(place.server.sessions.unfinished).toBe(0)
  })

  test('repeats only what was lost', async () => {
    await using place = await brokenPlace()
    const { partSize } = place.bare.capabilities
    const bytes = randomBytes(3 * partSize + 5)
    place.proxy.breakNext(creating, 'lost request')
    place.proxy.breakNext(sending, 'lost answer', { silentAfter: 0 })
    place.server.refuseNext(sending, new DriveRefusal(503, 'backendError', 'Try again'))
    await place.bare.upload('key', pieces(bytes, megabyte), { kind, size: bytes.length })
    expect(bytes.equals(await collect(place.bare.read('key')))).toBe(true)
    expect(place.sentBytes()).toBeLessThanOrEqual(bytes.length + partSize)
  })

  test('goes on from what the server kept of a part', async () => {
    await using place = await brokenPlace()
    place.server.sessions.keepAtMost = 3 * megabyte
    const bytes = randomBytes(2 * place.bare.capabilities.partSize + 12_345)
    await place.bare.upload('key', pieces(bytes, megabyte), { kind })
    expect(bytes.equals(await collect(place.bare.read('key')))).toBe(true)
  })

  test('whose last answer was lost is completed by asking again', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(place.bare.capabilities.partSize + 5)
    place.proxy.breakNext(sending, { cutAnswerAt: 1000 }, 'lost answer')
    await place.bare.upload('key', pieces(bytes, megabyte), { kind })
    expect(bytes.equals(await collect(place.bare.read('key')))).toBe(true)
    expect(place.sentBytes()).toBe(bytes.length)
  })

  test('whose session is gone is told as that, and leaves nothing', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(2 * place.bare.capabilities.partSize)
    place.server.beforeNext(sending, () => place.server.sessions.expire())
    const uploading = place.bare.upload('key', pieces(bytes, megabyte), { kind })
    await expect(uploading).rejects.toBeInstanceOf(UploadGoneError)
    expect(await keysOf(place.bare.list(''))).toEqual([])
  })

  test('that fails for good stops drawing from its source and cancels its session', async () => {
    await using place = await brokenPlace()
    const { partSize } = place.bare.capabilities
    let drawn = 0
    const source = async function* () {
      for (; drawn < 20; drawn++) yield randomBytes(partSize)
    }
    place.server.refuseNext(sending, new DriveRefusal(403, 'storageQuotaExceeded', 'Full'))
    await expect(place.bare.upload('key', source(), { kind })).rejects.toThrow(/storageQuotaExceeded/)
    expect(drawn).toBeLessThan(20)
    expect(place.server.sessions.unfinished).toBe(0)
  })

  test('keeps the first reason when its session can not be cancelled, and tells that, too', async () => {
    await using place = await brokenPlace()
    const reason = new Error('the source broke')
    place.server.refuseNext(/^DELETE/, new DriveRefusal(503, 'backendError', 'Try again'))
    const source = async function* () {
      yield randomBytes(2 * place.bare.capabilities.partSize)
      throw reason
    }
    await expect(place.bare.upload('key', source(), { kind })).rejects.toBe(reason)
    expect(reason.cause).toMatchObject({ name: 'StorageError', message: expect.stringContaining('503') })
  })
})

describe('an upload that another process goes on with', () => {
  const pieceSize = 8 * megabyte

  test('is sent again by at most one piece, though nothing but its token is left', async () => {
    await using place = await brokenPlace()
    const bytes = randomBytes(4 * pieceSize + 99)
    const options = { kind, size: bytes.length, pieceSize }
    const first = await place.bare.resumable?.begin('key', options)
    await appendAll(first, bytes.subarray(0, 3 * pieceSize), pieceSize)
    place.proxy.breakNext(sending, 'lost request', 'lost request', 'lost request', 'lost request')
    await expect(first?.append(bytes.subarray(3 * pieceSize, 4 * pieceSize), {})).rejects.toThrow(/gave up/)
    const elsewhere = await place.openElsewhere({ endpoint: `${place.proxy.url}/` })
    const second = await elsewhere.resumable?.resume('key', first?.token ?? '', options)
    expect(second?.held).toBeGreaterThanOrEqual(3 * pieceSize)
    await appendAll(second, bytes, pieceSize)
    await second?.complete({})
    expect(bytes.equals(await collect(elsewhere.read('key')))).toBe(true)
    expect(place.sentBytes()).toBeLessThanOrEqual(bytes.length + pieceSize)
  })

  test('is known no more after a week', async () => {
    await using place = await brokenPlace()
    const options = { kind, size: 2 * pieceSize, pieceSize }
    const upload = await place.bare.resumable?.begin('key', options)
    place.server.sessions.expire()
    expect(await place.bare.resumable?.resume('key', upload?.token ?? '', options)).toBeUndefined()
  })

  test('is asked of nobody but Google', async () => {
    await using place = await brokenPlace()
    await using other = await startHttpProxy(place.server.url)
    const options = { kind, size: 2 * pieceSize, pieceSize }
    const upload = await place.bare.resumable?.begin('key', options)
    const elsewhere = upload?.token.replace(place.proxy.url, other.url) ?? ''
    expect(elsewhere).toContain(other.url)
    expect(await place.bare.resumable?.resume('key', elsewhere, options)).toBeUndefined()
    expect(other.requests).toEqual([])
  })
})

async function appendAll(
  upload: ResumableUpload | undefined,
  bytes: Buffer,
  pieceSize: number,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += pieceSize)
    await upload?.append(bytes.subarray(at, at + pieceSize), {})
}

function tooMany(after: string): DriveRefusal {
  return new DriveRefusal(429, 'rateLimitExceeded', 'Too many', { 'retry-after': after })
}
