import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { errorCode } from '../../src/shared/errors.ts'
import { ObjectExistsError } from '../../src/storage/errors.ts'
import { RcloneCallError } from '../../src/storage/rclone/api.ts'
import { rcloneError } from '../../src/storage/rclone/errors.ts'
import { openRclone } from '../../src/storage/rclone/rclone.ts'
import { trialPrefix } from '../../src/storage/trial.ts'
import { startTestRclone } from '../support/rclone.ts'
import { conformance } from './conformance.ts'
import { collect, keysOf } from './streams.ts'

const rclone = await startTestRclone()
const soon = { timeout: 20_000 }
afterAll(async () => await rclone[Symbol.asyncDispose]())

describe('a remote that moves files', () => {
  conformance(async () => {
    const name = randomUUID()
    const options = rclone.optionsFor(`disk:${name}`)
    const storage = await openRclone(options)
    return {
      storage,
      reopen: () => openRclone(options),
      leftovers: () => temporaryFiles(join(rclone.folder, name)),
      [Symbol.asyncDispose]: () => storage.close(),
    }
  })
})

describe('an object store', () => {
  conformance(async () => {
    const options = rclone.optionsFor(`bucket:${randomUUID()}`)
    const storage = await openRclone(options)
    return {
      storage,
      reopen: () => openRclone(options),
      // What is unfinished is not seen there by anybody.
      leftovers: async () => [],
      [Symbol.asyncDispose]: () => storage.close(),
    }
  })
})

describe('what a remote tells', () => {
  test('becomes capabilities: no atomic create, and the best hash that both know', async () => {
    const disk = await openRclone(rclone.optionsFor('disk:'))
    const bucket = await openRclone(rclone.optionsFor('bucket:'))
    expect(disk.capabilities).toMatchObject({ atomicCreate: false, durable: false, checksum: 'sha256' })
    expect(bucket.capabilities.checksum).toBe('md5')
    expect(bucket.leftovers).toBeUndefined()
    await disk.close()
    await bucket.close()
  })

  test('that nobody configured is told with what to look at', async () => {
    await expect(openRclone(rclone.optionsFor('nowhere:path'))).rejects.toMatchObject({
      name: 'UserError',
      message: "rclone's configuration has no remote for nowhere:path",
      hint: expect.stringContaining('rclone listremotes'),
    })
  })

  test.each([
    ['googleapi: Error 403: User Rate Limit Exceeded, rateLimitExceeded', 'StorageError', true],
    [
      'too_many_requests: Too many requests or write operations. Try again in 15 seconds.',
      'StorageError',
      true,
    ],
    ['Put "https://example.com/": dial tcp 203.0.113.1:443: i/o timeout', 'StorageError', true],
    ['open /mnt/disk/objects/40/403f: input/output error', 'StorageError', true],
    ['something that nobody ever saw', 'StorageError', true],
    ['write /mnt/disk/tmp/1: no space left on device', 'StorageError', false],
    ['googleapi: Error 403: storageQuotaExceeded', 'StorageError', false],
    ['sftp: "Permission Denied" (SSH_FX_PERMISSION_DENIED)', 'AccessDeniedError', undefined],
    ['AccessDenied: Access Denied\n\tstatus code: 403, request id: 1', 'AccessDeniedError', undefined],
    [
      'couldn\'t fetch token: oauth2: "invalid_grant" "Token has been expired"',
      'AccessDeniedError',
      undefined,
    ],
  ])('about a failure is understood: %s', (said, name, transient) => {
    const error = rcloneError('r:', new RcloneCallError('operations/copyurl', 500, said))
    expect(error).toMatchObject({ name, ...(transient !== undefined && { transient }) })
    expect(String(error)).toContain(said)
  })
})

describe('on a disk', () => {
  /** A storage in an empty folder of the disk. */
  async function onDisk() {
    const name = randomUUID()
    const storage = await openRclone(rclone.optionsFor(`disk:${name}`))
    return { storage, path: join(rclone.folder, name), [Symbol.asyncDispose]: () => storage.close() }
  }
  const kind = 'content' as const

  test('an upload lies among the temporary files until it is whole', async () => {
    await using place = await onDisk()
    const { storage, path } = place
    const seen: string[][] = []
    const source = async function* () {
      for (let part = 0; part < 3; part++) {
        yield randomBytes(2_000_000)
        const expected = part === 0 ? 0 : 1
        await vi.waitFor(async () => expect(await temporaryFiles(path)).toHaveLength(expected), soon)
        seen.push(await readdir(path).catch(() => []))
      }
    }
    await storage.upload('a/key', source(), { kind })
    expect(seen.at(-1)).toEqual(['tmp'])
    expect(await readdir(join(path, 'a'))).toEqual(['key'])
    expect(await temporaryFiles(path)).toEqual([])
  })

  test('what a dead run left behind is told, and can be removed', async () => {
    await using place = await onDisk()
    const { storage, path } = place
    await storage.put('a/key', Buffer.from('bytes'), { kind })
    await writeFile(join(path, 'tmp', 'dead'), 'half')
    const leftovers = await Array.fromAsync(storage.leftovers?.list({}) ?? [])
    expect(leftovers).toEqual([{ id: 'dead', key: undefined, size: 4, time: expect.any(Date) }])
    expect(Math.abs(Date.now() - (leftovers[0]?.time.getTime() ?? 0))).toBeLessThan(60_000)
    for (const leftover of leftovers) {
      await storage.leftovers?.remove(leftover, {})
      await storage.leftovers?.remove(leftover, {})
    }
    expect(await temporaryFiles(path)).toEqual([])
    const outside = { id: '../a/key', key: undefined, size: 5, time: new Date() }
    await expect(storage.leftovers?.remove(outside, {})).rejects.toThrow('not a temporary file')
    expect(await keysOf(storage.list(''))).toEqual(['a/key'])
  })

  test('a probe finds that objects can be replaced and deleted, on its own ones only', async () => {
    await using place = await onDisk()
    const { storage } = place
    const key = `${trialPrefix}1`
    await storage.put(key, Buffer.from('first'), { kind: 'index' })
    expect(await storage.trial?.overwrite(key, Buffer.from('second'), {})).toBe('allowed')
    expect(String(await collect(storage.read(key)))).toBe('second')
    expect(await storage.trial?.remove(key, {})).toBe('allowed')
    expect(await keysOf(storage.list(''))).toEqual([])
    await expect(storage.trial?.remove('a/key', {})).rejects.toThrow('not a key of a trial')
    await expect(storage.trial?.overwrite('a/key', Buffer.alloc(1), {})).rejects.toThrow(
      'not a key of a trial',
    )
  })

  test('a file that another writer puts there in the meantime is not replaced', async () => {
    await using place = await onDisk()
    const { storage, path } = place
    const source = async function* () {
      yield randomBytes(1000)
      await mkdir(join(path, 'a'), { recursive: true })
      await writeFile(join(path, 'a/key'), 'theirs')
    }
    await expect(storage.upload('a/key', source(), { kind })).rejects.toBeInstanceOf(ObjectExistsError)
    expect(String(await readFile(join(path, 'a/key')))).toBe('theirs')
    expect(await temporaryFiles(path)).toEqual([])
  })
})

async function temporaryFiles(root: string): Promise<string[]> {
  try {
    return await readdir(join(root, 'tmp'))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}
