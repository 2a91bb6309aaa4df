import { mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { errorCode } from '../../src/shared/errors.ts'
import { ObjectExistsError, ObjectMissingError } from '../../src/storage/errors.ts'
import { openLocal } from '../../src/storage/local/local.ts'
import { openStorage } from '../../src/storage/open.ts'
import { trialPrefix } from '../../src/storage/trial.ts'
import { exec } from '../support/exec.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { conformance } from './conformance.ts'
import { collect, keysOf } from './streams.ts'

conformance(
  async () => {
    const folder = await temporaryFolder()
    return {
      storage: await openLocal(folder.path),
      reopen: () => openLocal(folder.path),
      leftovers: () => temporaryFiles(folder.path),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    }
  },
  { resumable: true },
)

async function temporaryFiles(root: string): Promise<string[]> {
  try {
    return await readdir(join(root, 'tmp'))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

const kind = 'content' as const

describe('on the disk', () => {
  test('a folder that is not there is refused, and not made', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'not mounted')
    await expect(openLocal(path)).rejects.toMatchObject({
      name: 'UserError',
      message: `there is no folder ${path}`,
      hint: expect.stringContaining('mount'),
    })
    expect(await readdir(folder.path)).toEqual([])
  })

  test('it opens from plain options', async () => {
    await using folder = await temporaryFolder()
    const storage = await openStorage({ type: 'local', path: folder.path })
    await storage.put('key', Buffer.from('bytes'), { kind })
    expect(String(await readFile(join(folder.path, 'key')))).toBe('bytes')
    await storage.close()
  })

  test('a file in the place of the folder is refused', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'file')
    await writeFile(path, '')
    await expect(openLocal(path)).rejects.toMatchObject({
      name: 'UserError',
      message: `${path} is not a folder`,
    })
    await expect(openLocal(join(path, 'below'))).rejects.toMatchObject({ name: 'UserError' })
  })

  test('the folder itself may be reached through a link', async () => {
    await using folder = await temporaryFolder()
    await using links = await temporaryFolder()
    const path = join(links.path, 'vault')
    await symlink(folder.path, path)
    const storage = await openLocal(path)
    await storage.put('a/b', Buffer.from('bytes'), { kind })
    expect(storage.location).toBe(path)
    expect(String(await readFile(join(folder.path, 'a/b')))).toBe('bytes')
  })

  test('objects are files that only their owner can read', async () => {
    await using folder = await temporaryFolder()
    const storage = await openLocal(folder.path)
    await storage.put('a/b/c', Buffer.from('bytes'), { kind })
    expect((await stat(join(folder.path, 'a/b/c'))).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder.path, 'a'))).mode & 0o777).toBe(0o700)
    expect((await stat(join(folder.path, 'tmp'))).mode & 0o777).toBe(0o700)
  })

  test('reading makes nothing', async () => {
    await using folder = await temporaryFolder()
    const storage = await openLocal(folder.path)
    await expect(storage.stat('a/b')).rejects.toBeInstanceOf(ObjectMissingError)
    expect(await keysOf(storage.list('a/'))).toEqual([])
    expect(await readdir(folder.path)).toEqual([])
  })

  test('what is not ours is not listed', async () => {
    await using folder = await temporaryFolder()
    const storage = await openLocal(folder.path)
    await storage.put('key', Buffer.from('bytes'), { kind })
    await mkdir(join(folder.path, 'empty'))
    await writeFile(join(folder.path, 'café'), '')
    await writeFile(join(folder.path, 'tmp/unfinished'), '')
    await symlink('/etc/passwd', join(folder.path, 'link'))
    await symlink('/etc', join(folder.path, 'links'))
    expect(await keysOf(storage.list(''))).toEqual(['key'])
    expect(await keysOf(storage.list('t'))).toEqual([])
  })

  test('what killed runs left is removed after a day, an interrupted upload after a week', async () => {
    await using folder = await temporaryFolder()
    const storage = await openLocal(folder.path)
    const tmp = join(folder.path, 'tmp')
    const options = { kind, size: 2, pieceSize: 1 }
    const young = (await storage.resumable?.begin('young', options))?.token ?? ''
    const old = (await storage.resumable?.begin('old', options))?.token ?? ''
    for (const name of ['killed', 'busy']) await writeFile(join(tmp, name), '')
    await wroteDaysAgo(join(tmp, 'killed'), 2)
    await wroteDaysAgo(join(tmp, young), 6)
    await wroteDaysAgo(join(tmp, old), 8)
    const next = await openLocal(folder.path)
    await keysOf(next.list(''))
    expect(await readdir(tmp)).toHaveLength(4)
    await next.put('key', Buffer.alloc(1), { kind })
    expect((await readdir(tmp)).toSorted()).toEqual(['busy', young].toSorted())
    expect((await next.resumable?.resume('young', young, options))?.held).toBe(0)
    expect(await next.resumable?.resume('old', old, options)).toBeUndefined()
  })

  test('unfinished files are told, and removed one by one when somebody asks for it', async () => {
    await using folder = await temporaryFolder()
    const storage = await openLocal(folder.path)
    const { leftovers, resumable } = storage
    if (leftovers === undefined || resumable === undefined) throw new Error('the disk can do more than that')
    expect(await Array.fromAsync(leftovers.list({}))).toEqual([])
    await storage.put('key', Buffer.from('bytes'), { kind })
    const upload = await resumable.begin('large', { kind, size: 5, pieceSize: 3 })
    await upload.append(Buffer.from('abc'), {})
    const [found, ...others] = await Array.fromAsync(leftovers.list({}))
    if (found === undefined) throw new Error('nothing was found')
    expect(found).toEqual({ id: upload.token, key: undefined, size: 3, time: expect.any(Date) })
    expect(others).toEqual([])
    expect(Math.abs(found.time.getTime() - Date.now())).toBeLessThan(60_000)
    await expect(leftovers.remove({ ...found, id: '../key' }, {})).rejects.toThrow(/not a temporary file/)
    await leftovers.remove(found, {})
    await leftovers.remove(found, {})
    expect(await Array.fromAsync(leftovers.list({}))).toEqual([])
    expect(await keysOf(storage.list(''))).toEqual(['key'])
  })

  test('a probe finds out that whoever may write here may also delete', async () => {
    await using folder = await temporaryFolder()
    const storage = await openLocal(folder.path)
    const key = `${trialPrefix}1`
    await storage.put(key, Buffer.from('bytes'), { kind })
    await storage.put('key', Buffer.from('bytes'), { kind })
    expect(await storage.trial?.overwrite(key, Buffer.from('other'), {})).toBe('allowed')
    expect(String(await collect(storage.read(key)))).toBe('other')
    expect(await storage.trial?.remove(key, {})).toBe('allowed')
    expect(await keysOf(storage.list(''))).toEqual(['key'])
    await expect(storage.trial?.remove('key', {})).rejects.toThrow(/not a key of a trial/)
    await expect(storage.trial?.overwrite('key', Buffer.alloc(0), {})).rejects.toThrow(/not a key of a trial/)
    const clock = await storage.trial?.clock({})
    expect(Math.abs((clock?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000)
  })
})

async function wroteDaysAgo(path: string, days: number): Promise<void> {
  const time = Date.now() / 1000 - days * 24 * 60 * 60
  await utimes(path, time, time)
}

describe('links planted in the vault', () => {
  test('are not followed to read', async () => {
    await using outside = await temporaryFolder()
    await using folder = await temporaryFolder()
    await writeFile(join(outside.path, 'secret'), 'secret')
    await symlink(outside.path, join(folder.path, 'objects'))
    await symlink(join(outside.path, 'secret'), join(folder.path, 'file'))
    const storage = await openLocal(folder.path)
    await expect(collect(storage.read('objects/secret'))).rejects.toThrow(/is not a folder/)
    await expect(storage.stat('objects/secret')).rejects.toThrow(/is not a folder/)
    await expect(keysOf(storage.list('objects/'))).rejects.toThrow(/is not a folder/)
    await expect(collect(storage.read('file'))).rejects.toMatchObject({ name: 'StorageError' })
    await expect(storage.stat('file')).rejects.toMatchObject({ name: 'StorageError' })
  })

  test('are not followed to write', async () => {
    await using outside = await temporaryFolder()
    await using folder = await temporaryFolder()
    await symlink(outside.path, join(folder.path, 'objects'))
    await symlink(join(outside.path, 'new'), join(folder.path, 'file'))
    const storage = await openLocal(folder.path)
    await expect(storage.put('objects/new', Buffer.alloc(1), { kind })).rejects.toThrow(/is not a folder/)
    await expect(storage.put('objects/deep/new', Buffer.alloc(1), { kind })).rejects.toThrow(
      /is not a folder/,
    )
    await expect(storage.put('file', Buffer.alloc(1), { kind })).rejects.toThrow(ObjectExistsError)
    expect(await readdir(outside.path)).toEqual([])
  })

  test('do not lead temporary files elsewhere', async () => {
    await using outside = await temporaryFolder()
    await using folder = await temporaryFolder()
    await symlink(outside.path, join(folder.path, 'tmp'))
    const storage = await openLocal(folder.path)
    await expect(storage.put('key', Buffer.alloc(1), { kind })).rejects.toThrow(/is not a folder/)
    expect(await readdir(outside.path)).toEqual([])
  })

  test('a pipe is no object, and nobody waits for its other end', async () => {
    await using folder = await temporaryFolder()
    await exec('mkfifo', [join(folder.path, 'pipe')])
    const storage = await openLocal(folder.path)
    await expect(collect(storage.read('pipe'))).rejects.toThrow('pipe is not a file')
  })
})

test.each(['a', 'a/', 'o/', 'zz', ''])(
  'files anywhere are listed below "%s" in byte order',
  async (prefix) => {
    await using folder = await temporaryFolder()
    const storage = await openLocal(folder.path)
    const part = fc.stringMatching(/^[ao!.\-0z~]{1,2}$/).filter((name) => name !== '.' && name !== '..')
    const key = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))
    const wanted =
      fc.sample(fc.uniqueArray(key, { minLength: 40, maxLength: 40 }), { numRuns: 1, seed: 7 })[0] ?? []
    // A file system can't hold both `a` and `a/b`.
    const keys = wanted.filter((one) => !wanted.some((other) => other.startsWith(`${one}/`)))
    await Promise.all(keys.map((one) => storage.put(one, Buffer.alloc(1), { kind })))
    const sorted = keys.toSorted()
    for (const after of ['', ...keys]) {
      const expected = sorted.filter((one) => one.startsWith(prefix) && one > after)
      expect(await keysOf(storage.list(prefix, { after }))).toEqual(expected)
    }
  },
)
