/* How the rclone backend meets an rclone that gets stuck, lies or stores other bytes: one that the test plays itself. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { ObjectExistsError } from '../../src/storage/errors.ts'
import { openRclone } from '../../src/storage/rclone/rclone.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { collect } from './streams.ts'

const kind = 'content' as const

interface Call {
  remote?: string
  srcRemote?: string
  url?: string
}

/** What rclone answers to a command; undefined for never. */
type Answer = (call: Call) => Promise<object | undefined> | object | undefined

interface FakeRclone extends AsyncDisposable {
  storage: Storage
  /** The commands that came, with what they were about. */
  calls: string[]
}

/** An rclone of a remote with the given ability to move, whose other answers are the test's. */
async function fakeRclone(
  moves: boolean,
  answers: Record<string, Answer>,
  idleMs = 10_000,
): Promise<FakeRclone> {
  const calls: string[] = []
  const server = createServer((request, response) => {
    const command = request.url?.slice(1) ?? ''
    const answering = async () => {
      if (command === 'operations/fsinfo') return { Features: { Move: moves }, Hashes: ['sha256'] }
      const call = (await json(request)) as Call
      calls.push(`${command} ${(call.remote ?? call.srcRemote ?? '').replace(/^tmp\/.*/, 'tmp/temporary')}`)
      return await answers[command]?.(call)
    }
    void answering().then((answer) => answer && response.end(JSON.stringify(answer)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const daemon = { port: address.port, password: 'open sesame', log: '/no/log' }
  const storage = await openRclone({ type: 'rclone', remote: 'fake:', daemon }, { idleMs })
  return {
    storage,
    calls,
    async [Symbol.asyncDispose]() {
      await storage.close()
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Takes what is offered, as rclone does. */
async function take({ url = '' }: Call): Promise<object> {
  await (await fetch(url)).bytes()
  return {}
}

/** Takes the beginning, and then does nothing more. */
async function takeOneChunk({ url = '' }: Call): Promise<undefined> {
  const reader = (await fetch(url)).body?.getReader()
  await reader?.read()
}

const stored = (item: object | null) => () => ({ item })
const nothing = stored(null)

describe('an object that did not arrive as it was sent', () => {
  const other = [
    ['is shorter', { Size: 3 }, 'it has 3 of 5 bytes'],
    ['has another hash', { Size: 5, Hashes: { sha256: '00'.repeat(32) } }, 'its sha256 is another one'],
  ] as const

  test.each(other)('and %s gets no name', async (_, item, told) => {
    await using rclone = await fakeRclone(true, {
      'operations/copyurl': take,
      'operations/stat': stored(item),
      'operations/deletefile': () => ({}),
    })
    await expect(rclone.storage.put('key', Buffer.from('bytes'), { kind })).rejects.toMatchObject({
      transient: true,
      message: expect.stringContaining(told),
    })
    expect(rclone.calls).toEqual([
      'operations/copyurl tmp/temporary',
      'operations/stat tmp/temporary',
      'operations/deletefile tmp/temporary',
    ])
  })

  test.each(other)('and %s stays in an object store, told as one that was there', async (_, item, told) => {
    const looks = [null, item]
    await using rclone = await fakeRclone(false, {
      'operations/copyurl': take,
      'operations/stat': () => ({ item: looks.shift() }),
    })
    const failure: unknown = await rclone.storage
      .put('key', Buffer.from('bytes'), { kind })
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ObjectExistsError)
    expect(failure).toMatchObject({ cause: { message: expect.stringContaining(told) } })
    expect(rclone.calls).toEqual(['operations/stat key', 'operations/copyurl key', 'operations/stat key'])
  })

  test.each([true, false])('and is not there is sent again (moves: %s)', async (moves) => {
    await using rclone = await fakeRclone(moves, {
      'operations/copyurl': take,
      'operations/stat': nothing,
      'operations/deletefile': () => ({}),
    })
    await expect(rclone.storage.put('key', Buffer.from('bytes'), { kind })).rejects.toMatchObject({
      transient: true,
      message: expect.stringContaining('but it is not there'),
    })
  })
})

test('an rclone that says it is done and took nothing is not believed', async () => {
  await using rclone = await fakeRclone(false, {
    'operations/copyurl': () => ({}),
    'operations/stat': nothing,
  })
  await expect(rclone.storage.put('key', Buffer.from('bytes'), { kind })).rejects.toThrow(
    'rclone did not take all of key',
  )
})

describe('an rclone that is stuck', () => {
  const stuck = { name: 'StorageError', transient: true, message: 'rclone made no progress for 1 s' }

  test('is given up', async () => {
    await using rclone = await fakeRclone(true, { 'operations/deletefile': () => ({}) }, 1000)
    await Promise.all([
      expect(rclone.storage.stat('key')).rejects.toMatchObject(stuck),
      expect(Array.fromAsync(rclone.storage.list(''))).rejects.toMatchObject(stuck),
      expect(rclone.storage.put('key', Buffer.from('bytes'), { kind })).rejects.toMatchObject(stuck),
    ])
  })

  test('in the middle of an upload is given up, and the source is closed', async () => {
    const answers = { 'operations/copyurl': takeOneChunk, 'operations/deletefile': () => ({}) }
    await using rclone = await fakeRclone(true, answers, 1000)
    let isClosed = false
    const source = async function* () {
      try {
        for (;;) yield Buffer.alloc(1_000_000)
      } finally {
        isClosed = true
      }
    }
    await expect(rclone.storage.upload('key', source(), { kind })).rejects.toMatchObject(stuck)
    expect(isClosed).toBe(true)
  })

  test('is left when the signal aborts', async () => {
    await using rclone = await fakeRclone(true, {})
    const reason = new Error('enough')
    const aborting = { signal: AbortSignal.timeout(50) }
    await expect(rclone.storage.stat('key', aborting)).rejects.toThrow('timeout')
    await expect(collect(rclone.storage.read('key', { signal: AbortSignal.abort(reason) }))).rejects.toBe(
      reason,
    )
  })
})
