/* How the SFTP backend meets a server that goes away, falls silent, fills up or becomes another: a real one. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ObjectExistsError } from '../../src/storage/errors.ts'
import type { SftpOptions } from '../../src/storage/options.ts'
import { withRetry, type RetryPolicy } from '../../src/storage/retry.ts'
import { openSftp } from '../../src/storage/sftp/sftp.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { startSshServer } from '../support/sshServer.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { collect, keysOf, pieces } from './streams.ts'

const quick: RetryPolicy = { tries: 8, firstDelayMs: 50, maxDelayMs: 200, budgetMs: 10_000 }
const oneTry: RetryPolicy = { ...quick, tries: 1 }
const kind = 'content' as const
const megabyte = 1024 * 1024

interface PlaceOptions {
  retry?: RetryPolicy
  idleMs?: number
  changes?: Partial<SftpOptions>
}

async function place({ retry = quick, idleMs = 5000, changes = {} }: PlaceOptions = {}) {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startSshServer())
  const folder = await server.folder()
  const open = async () =>
    owned.adopt(
      await openSftp({ ...folder.options, ...changes }, { retry, opening: retry, idleMs }),
      (storage) => storage.close(),
    )
  const owned = stack.move()
  return { server, ...folder, open, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Puts an object; when it is there already, an earlier try of this put got through, and only its answer was lost. */
async function putAnyhow(storage: Storage, key: string, bytes: Uint8Array): Promise<void> {
  try {
    await storage.put(key, bytes, { kind })
  } catch (error) {
    if (!(error instanceof ObjectExistsError)) throw error
  }
}

describe('a server that is killed', () => {
  test('in the middle of an upload, and started again, gets the rest', async () => {
    await using subject = await place()
    const { server, local } = subject
    const storage = await subject.open()
    const bytes = randomBytes(3 * storage.capabilities.partSize + 4321)
    let chunks = 0
    const source = async function* () {
      for await (const chunk of pieces(bytes, megabyte)) {
        if ((chunks += 1) === 12) {
          await server.kill()
          setTimeout(() => void server.restart(), 100)
        }
        yield chunk
      }
    }
    await storage.upload('a/large', source(), { kind, size: bytes.length })
    expect(bytes.equals(await collect(storage.read('a/large')))).toBe(true)
    expect(await readdir(join(local, 'tmp'))).toEqual([])
  })

  test('while many objects are put gets them all', async () => {
    await using subject = await place()
    const { server } = subject
    const storage = withRetry(await subject.open(), quick)
    const all = Array.from({ length: 40 }, (_, n) => ({ key: `p/${n}`, bytes: randomBytes(100_000) }))
    const putting = Promise.all(
      all.map(async ({ key, bytes }) => {
        await putAnyhow(storage, key, bytes)
      }),
    )
    await server.kill()
    await server.restart()
    await putting
    const copies = await Promise.all(all.map(({ key }) => collect(storage.read(key))))
    expect(copies.every((copy, n) => all[n]?.bytes.equals(copy))).toBe(true)
  })

  test('in the middle of a read gives the rest of it', async () => {
    await using subject = await place()
    const { server } = subject
    const storage = withRetry(await subject.open(), quick)
    const bytes = randomBytes(12 * megabyte)
    await storage.upload('large', pieces(bytes, megabyte), { kind })
    const got: Uint8Array[] = []
    for await (const chunk of storage.read('large')) {
      got.push(chunk)
      if (got.length !== 3) continue
      await server.kill()
      await server.restart()
    }
    expect(bytes.equals(Buffer.concat(got))).toBe(true)
  })

  test('holds what an interrupted upload sent, and another process sends the rest', async () => {
    await using subject = await place({ retry: oneTry })
    const { server, local } = subject
    const first = await subject.open()
    const options = { kind, size: 3 * megabyte, pieceSize: megabyte }
    const parts = [randomBytes(megabyte), randomBytes(megabyte), randomBytes(megabyte)] as const
    const upload = await first.resumable?.begin('a/large', options)
    await upload?.append(parts[0], {})
    await server.silence()
    const sending = upload?.append(parts[1], {}).catch((error: unknown) => error)
    await server.kill()
    expect(await sending).toMatchObject({ name: 'StorageError', transient: true })
    await server.restart()
    // Of the second piece something arrived, with gaps.
    await appendFile(join(local, 'tmp', upload?.token ?? ''), Buffer.alloc(1000))
    const storage = await subject.open()
    const resumed = await storage.resumable?.resume('a/large', upload?.token ?? '', options)
    expect(resumed?.held).toBe(megabyte)
    for (const part of parts) await resumed?.append(part, {})
    await resumed?.complete({})
    expect(Buffer.concat(parts).equals(await collect(storage.read('a/large')))).toBe(true)
  })

  test('for good is told as such', async () => {
    await using subject = await place({ retry: oneTry })
    const storage = await subject.open()
    await subject.server.kill()
    const failure = { name: 'StorageError', transient: true }
    await expect(storage.stat('key')).rejects.toMatchObject(failure)
    await expect(storage.stat('key')).rejects.toMatchObject({
      ...failure,
      message: expect.stringMatching(/^127\.0\.0\.1:\d+: .*ECONNREFUSED/),
    })
    await expect(subject.open()).rejects.toMatchObject(failure)
  })

  test('and has another host key afterwards gets nothing more', async () => {
    await using subject = await place()
    const { server, local } = subject
    const storage = withRetry(await subject.open(), quick)
    await storage.put('key', Buffer.from('bytes'), { kind })
    await server.kill()
    await server.renewHostKeys()
    await server.restart()
    const refusal = {
      name: 'UserError',
      message: expect.stringMatching(/shows the host key ssh-ed25519 SHA256:.* is pinned$/),
    }
    await expect(storage.put('other', Buffer.from('bytes'), { kind })).rejects.toMatchObject(refusal)
    expect((await readdir(local)).toSorted()).toEqual(['key', 'tmp'])
  })
})

describe('a silent server', () => {
  test('is given up, and asked again over a new connection', async () => {
    await using subject = await place({ idleMs: 2000, changes: { connections: 1 } })
    const storage = await subject.open()
    await storage.put('key', Buffer.from('bytes'), { kind })
    const silence = await subject.server.silence()
    await expect(storage.stat('key')).rejects.toMatchObject({
      name: 'StorageError',
      transient: true,
      message: expect.stringMatching(/no answer for 2 s$/),
    })
    await expect(storage.stat('key')).rejects.toMatchObject({
      message: expect.stringMatching(/took over 2 s/),
    })
    await silence[Symbol.asyncDispose]()
    expect(await withRetry(storage, quick).stat('key')).toEqual({ size: 5 })
  })

  test('is left at once when the signal aborts', async () => {
    await using subject = await place()
    const storage = await subject.open()
    await storage.put('key', Buffer.from('bytes'), { kind })
    await using _silence = await subject.server.silence()
    const reason = new Error('enough')
    const controller = new AbortController()
    const { signal } = controller
    const calls = [
      storage.stat('key', { signal }),
      collect(storage.read('key', { signal })),
      keysOf(storage.list('', { signal })),
    ]
    setTimeout(() => controller.abort(reason), 50)
    for (const call of calls) await expect(call).rejects.toBe(reason)
  })

  test('that does not even let us in is left at once, too', async () => {
    await using subject = await place({ changes: { connections: 1 } })
    const storage = await subject.open()
    await subject.server.kill()
    await subject.server.restart()
    await using _silence = await subject.server.silence()
    const signal = AbortSignal.timeout(50)
    await expect(storage.stat('key', { signal })).rejects.toMatchObject({ name: 'TimeoutError' })
    await expect(storage.stat('key', { signal })).rejects.toBe(signal.reason)
  })
})

describe('a disk', () => {
  test('that is full is told as such, and nothing half is left', async () => {
    await using subject = await place()
    await using _disk = await subject.mount(4 * megabyte)
    const storage = await subject.open()
    await storage.put('small', Buffer.from('bytes'), { kind })
    const full = {
      name: 'StorageError',
      transient: false,
      message: `no space left at ${storage.location}`,
      hint: expect.stringContaining('Make room'),
    }
    await expect(storage.put('large', randomBytes(6 * megabyte), { kind })).rejects.toMatchObject(full)
    const stream = pieces(randomBytes(6 * megabyte), 100_000)
    await expect(storage.upload('a/large', stream, { kind })).rejects.toMatchObject(full)
    expect(await readdir(join(subject.local, 'tmp'))).toEqual([])
    expect(await keysOf(storage.list(''))).toEqual(['small'])
    await storage.put('next', randomBytes(megabyte), { kind })
    expect(await keysOf(storage.list(''))).toEqual(['next', 'small'])
  })

  test('that an upload filled has room for how the run ended', async () => {
    await using subject = await place()
    await using _disk = await subject.mount(4 * megabyte)
    const storage = await subject.open()
    const options = { kind, size: 6 * megabyte, pieceSize: 2 * megabyte }
    const upload = await storage.resumable?.begin('film', options)
    await upload?.append(randomBytes(2 * megabyte), {})
    await storage.put('small', randomBytes(megabyte), { kind })
    const more = upload?.append(randomBytes(2 * megabyte), {})
    await expect(more).rejects.toMatchObject({ message: `no space left at ${storage.location}` })
    await storage.put('record', randomBytes(megabyte / 2), { kind })
    const resumed = await storage.resumable?.resume('film', upload?.token ?? '', options)
    expect(resumed?.held).toBe(2 * megabyte)
  })

  test('that is unmounted there gets nothing written to what lies below', async () => {
    await using subject = await place()
    const disk = await subject.mount(4 * megabyte)
    const storage = await subject.open()
    await storage.put('a/key', Buffer.from('bytes'), { kind })
    await disk[Symbol.asyncDispose]()
    await expect(storage.put('b/key', Buffer.from('bytes'), { kind })).rejects.toMatchObject({
      name: 'StorageError',
      hint: 'Is the disk there still mounted?',
    })
    expect(await readdir(subject.local)).toEqual([])
  })
})

test('a connection goes on when nobody uses it for a while', async () => {
  await using subject = await place({ idleMs: 1000 })
  const storage = await subject.open()
  await storage.put('key', Buffer.from('bytes'), { kind })
  await delay(1500)
  expect(await storage.stat('key')).toEqual({ size: 5 })
  expect(String(await readFile(join(subject.local, 'key')))).toBe('bytes')
})

test('a file is on the disk there before it has its name, and each name before the put is done', async () => {
  await using subject = await place()
  const { server, local, options } = subject
  const calls = await tracedCalls(server.pid, async () => {
    const storage = await subject.open()
    await storage.put('a/b/key', Buffer.from('bytes'), { kind })
    await expect(storage.put('a/b/key', Buffer.from('other'), { kind })).rejects.toThrow(/already exists/)
    await storage.close()
  })
  const paths = [local, options.path].map((root) => new RegExp(`${root}/?`, 'g'))
  const short = paths.reduce((text, root) => text.replaceAll(root, './'), calls.join('\n'))
  expect(short.replaceAll(/tmp\/\w+/g, 'tmp/temporary').split('\n')).toEqual([
    'fsync ./',
    'mkdir ./tmp',
    'fsync ./',
    'fsync ./tmp/temporary',
    'mkdir ./a',
    'fsync ./',
    'mkdir ./a/b',
    'fsync ./a',
    'link ./tmp/temporary ./a/b/key',
    'fsync ./a/b',
    'unlink ./tmp/temporary',
    'fsync ./tmp/temporary',
    'link ./tmp/temporary ./a/b/key: EEXIST',
    'fsync ./a/b',
    'unlink ./tmp/temporary',
  ])
})

/** What `work` made a process and its children call, as `fsync /path`. What looks for a file that is not there is left out. */
async function tracedCalls(pid: number, work: () => Promise<void>): Promise<string[]> {
  await using folder = await temporaryFolder()
  const log = join(folder.path, 'log')
  const watched = 'trace=fsync,link,linkat,mkdir,unlink,rename,renameat'
  const strace = spawn('strace', ['-f', '-y', '-qq', '-o', log, '-e', watched, '-p', String(pid)])
  const ended = once(strace, 'exit')
  try {
    while ((await readFile(`/proc/${pid}/status`, 'utf8')).includes('TracerPid:\t0\n')) await delay(20)
    await work()
  } finally {
    strace.kill('SIGINT')
    await ended
  }
  const lines = (await readFile(log, 'utf8')).split('\n')
  return lines.flatMap((line) => {
    const [, call, details = ''] = /^\d+ +(\w+)\((.*)/.exec(line) ?? []
    if (call === undefined || details.includes('ENOENT')) return []
    const names = Array.from(details.matchAll(/["<](\/[^">]*)[">]/g), ([, path = '']) => path)
    const error = / = -1 (\w+)/.exec(details)?.[1]
    return [[call, ...names].join(' ') + (error === undefined ? '' : `: ${error}`)]
  })
}
