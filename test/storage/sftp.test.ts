import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { errorCode } from '../../src/shared/errors.ts'
import { openStorage } from '../../src/storage/open.ts'
import { openSftp } from '../../src/storage/sftp/sftp.ts'
import { trialPrefix } from '../../src/storage/trial.ts'
import { startSshServer } from '../support/sshServer.ts'
import { conformance } from './conformance.ts'
import { collect, keysOf } from './streams.ts'

const server = await startSshServer()
afterAll(() => server[Symbol.asyncDispose]())
const kind = 'content' as const

conformance(openEmpty, { resumable: true })

async function openEmpty() {
  await using stack = new AsyncDisposableStack()
  const { local, options } = await server.folder()
  const storage = stack.adopt(await openSftp(options), (opened) => opened.close())
  const owned = stack.move()
  return {
    storage,
    local,
    options,
    reopen: async () => owned.adopt(await openSftp(options), (again) => again.close()),
    leftovers: async () => await temporaryFiles(local),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function temporaryFiles(root: string): Promise<string[]> {
  try {
    return await readdir(join(root, 'tmp'))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

describe('on the server', () => {
  test('it knows what OpenSSH can do', async () => {
    await using subject = await openEmpty()
    const { storage, options } = subject
    expect(storage.capabilities).toMatchObject({ atomicCreate: true, durable: true })
    expect(storage.location).toBe(`sftp://safelight-sftp@127.0.0.1:${options.port}${options.path}`)
    expect(await readdir(subject.local)).toEqual([])
  })

  test('the whole stack opens from plain options', async () => {
    const { local, options } = await server.folder()
    const storage = await openStorage(structuredClone({ ...options, path: options.path.slice(1) }))
    await storage.put('key', Buffer.from('bytes'), { kind })
    expect(String(await readFile(join(local, 'key')))).toBe('bytes')
    await storage.close()
  })

  test('objects are files that only their owner can read, and nobody writes to', async () => {
    await using subject = await openEmpty()
    await subject.storage.put('a/b/c', Buffer.from('bytes'), { kind })
    expect((await stat(join(subject.local, 'a/b/c'))).mode & 0o777).toBe(0o400)
    expect((await stat(join(subject.local, 'a'))).mode & 0o777).toBe(0o700)
    expect((await stat(join(subject.local, 'tmp'))).mode & 0o777).toBe(0o700)
  })

  test('what is not ours is not listed, and links are not followed', async () => {
    await using subject = await openEmpty()
    const { storage, local } = subject
    await storage.put('key', Buffer.from('bytes'), { kind })
    await mkdir(join(local, 'empty'))
    await writeFile(join(local, 'café'), '')
    await writeFile(join(local, 'tmp/unfinished'), '')
    await symlink('key', join(local, 'link'))
    await symlink('empty', join(local, 'links'))
    expect(await keysOf(storage.list(''))).toEqual(['key'])
    expect(await keysOf(storage.list('t'))).toEqual([])
    expect(await keysOf(storage.list('links/'))).toEqual([])
    await expect(storage.stat('link')).rejects.toThrow('link is not a file')
    await expect(collect(storage.read('link'))).rejects.toThrow('link is not a file')
    await expect(storage.put('links/new', Buffer.alloc(1), { kind })).rejects.toThrow(/is not a folder/)
    expect(await readdir(join(local, 'empty'))).toEqual([])
  })

  test('unfinished files are told, and removed one by one when somebody asks for it', async () => {
    await using subject = await openEmpty()
    const { storage } = subject
    const { leftovers, resumable } = storage
    if (leftovers === undefined || resumable === undefined) throw new Error('a server can do more than that')
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
    expect(await subject.leftovers()).toEqual([])
    expect(await keysOf(storage.list(''))).toEqual(['key'])
  })

  test('a probe finds out that the account may delete and replace', async () => {
    await using subject = await openEmpty()
    const { storage } = subject
    const key = `${trialPrefix}1`
    await storage.put(key, Buffer.from('bytes'), { kind })
    await storage.put('key', Buffer.from('bytes'), { kind })
    expect(await storage.trial?.overwrite(key, Buffer.from('other'), {})).toBe('allowed')
    expect(String(await collect(storage.read(key)))).toBe('other')
    expect(await storage.trial?.remove(key, {})).toBe('allowed')
    await expect(storage.trial?.remove('key', {})).rejects.toThrow(/not a key of a trial/)
    await expect(storage.trial?.overwrite('key', Buffer.alloc(0), {})).rejects.toThrow(/not a key of a trial/)
    const clock = await storage.trial?.clock({})
    expect(Math.abs((clock?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000)
    expect(await keysOf(storage.list(''))).toEqual(['key'])
    expect(await subject.leftovers()).toEqual([])
  })

  test('a folder that is not there is refused, and not made', async () => {
    const { local, options } = await server.folder()
    await expect(openSftp({ ...options, path: `${options.path}/missing` })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/^there is no folder sftp:.*\/missing$/),
      hint: expect.stringContaining('mount'),
    })
    expect(await readdir(local)).toEqual([])
  })
})

describe('a server that denies what would change anything', async () => {
  const strict = await startSshServer({
    denied: 'remove,rmdir,rename,posix-rename,setstat,fsetstat,lsetstat,symlink',
  })
  afterAll(() => strict[Symbol.asyncDispose]())

  test('takes backups all the same', async () => {
    const { local, options } = await strict.folder()
    const storage = await openSftp(options)
    expect(storage.capabilities).toMatchObject({ atomicCreate: true, durable: true })
    await storage.put('a/key', Buffer.from('bytes'), { kind })
    await expect(storage.put('a/key', Buffer.from('other'), { kind })).rejects.toMatchObject({
      name: 'ObjectExistsError',
    })
    const upload = await storage.resumable?.begin('a/large', { kind, size: 5, pieceSize: 5 })
    await upload?.append(Buffer.from('bytes'), {})
    await upload?.complete({})
    await upload?.abandon({})
    expect(await keysOf(storage.list(''))).toEqual(['a/key', 'a/large'])
    expect(await temporaryFiles(local)).toHaveLength(3)
    await storage.close()
  })

  test('lets nobody delete or replace what was put', async () => {
    const { options } = await strict.folder()
    const storage = await openSftp(options)
    const key = `${trialPrefix}1`
    await storage.put(key, Buffer.from('bytes'), { kind })
    expect(await storage.trial?.overwrite(key, Buffer.from('other'), {})).toBe('refused')
    expect(await storage.trial?.remove(key, {})).toBe('refused')
    expect(String(await collect(storage.read(key)))).toBe('bytes')
    await storage.close()
  })
})
