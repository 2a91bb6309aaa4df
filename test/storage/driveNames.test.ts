/* Names in Drive are not unique, searches for them run behind, and people move things about. */
import { randomBytes } from 'node:crypto'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ObjectExistsError, ObjectMissingError } from '../../src/storage/errors.ts'
import { withRetry } from '../../src/storage/retry.ts'
import { drivePlace, folderAt, quick, treeOf } from '../support/drive.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { collect, keysOf, pieces } from './streams.ts'

const kind = 'content' as const
const megabyte = 1024 * 1024
const creating = /^POST \/upload/

describe('several things of one name', () => {
  test('two files are told by every call, with both ids and what to do', async () => {
    await using place = await drivePlace()
    const { files } = place.server
    const storage = place.open()
    const parents = [folderAt(place.server, 'immich/a')]
    const both = ['first', 'second'].map((text) => files.create({ name: 'b', parents }, Buffer.from(text)))
    const ids = madeLongAgo(both)
    const expected = {
      name: 'DuplicateNameError',
      transient: false,
      ids: expect.arrayContaining(ids),
      message: expect.stringMatching(new RegExp(`^a/b stands for more than one thing.*${ids[0]}`)),
      hint: expect.stringContaining('Keep the oldest'),
    }
    await expect(storage.stat('a/b')).rejects.toMatchObject(expected)
    await expect(collect(storage.read('a/b'))).rejects.toMatchObject(expected)
    await expect(storage.put('a/b', Buffer.alloc(1), { kind })).rejects.toMatchObject(expected)
    await expect(keysOf(storage.list('a/'))).rejects.toMatchObject(expected)
    const large = pieces(randomBytes(9 * megabyte), megabyte)
    await expect(storage.upload('a/b', large, { kind })).rejects.toMatchObject(expected)
    expect(files.trashed()).toEqual([])
  })

  test('two folders are told by every call', async () => {
    await using place = await drivePlace()
    const { files } = place.server
    const storage = place.open()
    const parents = [folderAt(place.server, 'immich')]
    const mimeType = 'application/vnd.google-apps.folder'
    const ids = madeLongAgo([1, 2].map(() => files.create({ name: 'a', mimeType, parents }, undefined)))
    const expected = {
      name: 'DuplicateNameError',
      ids: expect.arrayContaining(ids),
      hint: expect.stringContaining('Move what lies in the younger folders'),
    }
    await expect(storage.stat('a/b')).rejects.toMatchObject(expected)
    await expect(storage.put('a/b', Buffer.alloc(1), { kind })).rejects.toMatchObject(expected)
    await expect(keysOf(storage.list('a/'))).rejects.toMatchObject(expected)
    await expect(keysOf(storage.list(''))).rejects.toMatchObject({ name: 'DuplicateNameError' })
  })
})

describe('two machines that create the same at once', () => {
  test('the file that came second is withdrawn by whoever made it', async () => {
    await using place = await drivePlace()
    const { files } = place.server
    const storage = place.open()
    const parents = [folderAt(place.server, 'immich/a')]
    place.server.beforeNext(creating, () => {
      files.create({ name: 'b', parents }, Buffer.from('theirs')).createdTime = new Date(Date.now() - 1)
    })
    await expect(storage.put('a/b', Buffer.from('ours'), { kind })).rejects.toBeInstanceOf(ObjectExistsError)
    expect(String(await collect(storage.read('a/b')))).toBe('theirs')
    expect(files.trashed().map(({ bytes }) => String(bytes))).toEqual(['ours'])
  })

  test('the file that came first stays', async () => {
    await using place = await drivePlace()
    const { files } = place.server
    const storage = place.open()
    const parents = [folderAt(place.server, 'immich/a')]
    place.server.beforeNext(creating, () => {
      const theirs = files.create({ name: 'b', parents }, Buffer.from('theirs'))
      theirs.createdTime = new Date(Date.now() + 1000)
      place.server.beforeNext(/^PATCH/, () => {})
    })
    await storage.put('a/b', Buffer.from('ours'), { kind })
    expect(files.trashed()).toEqual([])
  })

  test('a file that came second and can not be withdrawn is told', async () => {
    await using place = await drivePlace()
    const { files } = place.server
    files.role = 'contributor'
    const storage = place.open()
    const parents = [folderAt(place.server, 'immich/a')]
    place.server.beforeNext(creating, () => {
      files.create({ name: 'b', parents }, Buffer.from('theirs')).createdTime = new Date(Date.now() - 1)
    })
    await expect(storage.put('a/b', Buffer.from('ours'), { kind })).rejects.toMatchObject({
      name: 'AccessDeniedError',
      message: expect.stringContaining('could not be moved to the trash'),
      hint: expect.stringMatching(/by hand: https:\/\/drive\.google\.com\/file\/d\/1/),
    })
    await expect(storage.stat('a/b')).rejects.toMatchObject({ name: 'DuplicateNameError' })
  })

  test('one of them wins', async () => {
    await using place = await drivePlace()
    const one = withRetry(await place.openElsewhere(), quick)
    const other = withRetry(await place.openElsewhere(), quick)
    const machines = [one, other]
    for (let n = 0; n < 10; n++) {
      const key = `objects/${n}/x`
      const bytes = machines.map(() => randomBytes(100))
      const results = await Promise.allSettled(
        machines.map((machine, at) => machine.put(key, bytes[at] ?? randomBytes(1), { kind })),
      )
      const winners = results.flatMap(({ status }, at) => (status === 'fulfilled' ? [at] : []))
      expect(winners).toHaveLength(1)
      const stored = await collect(one.read(key))
      expect(bytes[winners[0] ?? -1]?.equals(stored)).toBe(true)
    }
    expect(await keysOf(other.list(''))).toHaveLength(10)
  })
})

describe('threads of one machine', () => {
  test('make everything under one id, so that nothing has to be withdrawn', async () => {
    await using place = await drivePlace()
    const threads = [place.open(), place.open(), place.open()]
    for (let n = 0; n < 5; n++) {
      const key = `objects/${n}/x`
      const results = await Promise.allSettled(
        threads.map((thread, at) => thread.put(key, Buffer.from(`thread ${at}`), { kind })),
      )
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
      const reasons = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason)
      expect(reasons.every((reason) => reason instanceof ObjectExistsError)).toBe(true)
    }
    expect(place.server.files.trashed()).toEqual([])
    expect(treeOf(place.server).filter((path) => path.endsWith('/x'))).toHaveLength(5)
  })

  test('a remembered id that leads nowhere is taken no more', async () => {
    await using place = await drivePlace()
    const { files } = place.server
    files.role = 'manager'
    const storage = withRetry(place.open(), quick)
    await storage.put('a/b', Buffer.from('first'), { kind })
    files.delete(files.all().find(({ name }) => name === 'b')?.id ?? '')
    await expect(storage.stat('a/b')).rejects.toBeInstanceOf(ObjectMissingError)
    await storage.put('a/b', Buffer.from('second'), { kind })
    expect(String(await collect(storage.read('a/b')))).toBe('second')
  })

  test.each([
    ['lost', async (path: string) => rm(path, { recursive: true })],
    ['no database', async (path: string) => writeFile(join(path, 'drive-ids.sqlite'), 'no database at all')],
  ])('what is remembered is made anew when it is %s', async (_, spoil) => {
    await using place = await drivePlace()
    await using folder = await temporaryFolder()
    const cacheFolder = join(folder.path, 'state')
    const before = place.open({ cacheFolder })
    await before.put('a/b', Buffer.from('bytes'), { kind })
    await before.close()
    await spoil(cacheFolder)
    const storage = place.open({ cacheFolder })
    await expect(storage.put('a/b', Buffer.from('other'), { kind })).rejects.toBeInstanceOf(ObjectExistsError)
    await storage.put('a/c', Buffer.from('more'), { kind })
    expect(await keysOf(storage.list(''))).toEqual(['a/b', 'a/c'])
    expect(await readdir(cacheFolder)).toContain('drive-ids.sqlite')
  })

  test('a folder that can not be written to is told, and reading goes without', async () => {
    await using place = await drivePlace()
    await using folder = await temporaryFolder()
    await place.open().put('a/b', Buffer.from('bytes'), { kind })
    const taken = join(folder.path, 'taken')
    await writeFile(taken, '')
    const storage = place.open({ cacheFolder: taken })
    expect(String(await collect(storage.read('a/b')))).toBe('bytes')
    await expect(storage.put('a/c', Buffer.from('more'), { kind })).rejects.toThrow(/can't use .*drive-ids/)
  })
})

describe('while searches by name run behind', () => {
  test('this machine finds what it made', async () => {
    await using place = await drivePlace()
    place.server.files.indexIsLate = true
    const storage = place.open()
    await storage.put('a/b', Buffer.from('bytes'), { kind })
    await storage.upload('a/c', pieces(randomBytes(9 * megabyte), megabyte), { kind })
    for (const thread of [storage, place.open()]) {
      expect(String(await collect(thread.read('a/b')))).toBe('bytes')
      expect(await thread.stat('a/c')).toEqual({ size: 9 * megabyte })
      const again = thread.put('a/b', Buffer.from('other'), { kind })
      await expect(again).rejects.toBeInstanceOf(ObjectExistsError)
      expect(await keysOf(thread.list(''))).toEqual(['a/b', 'a/c'])
    }
    expect(place.server.files.trashed()).toEqual([])
  })
})

describe('people who tidy up', () => {
  test('an object in the trash is none, and its key is free', async () => {
    await using place = await drivePlace()
    const { files } = place.server
    const storage = withRetry(place.open(), quick)
    await storage.put('a/b', Buffer.from('first'), { kind })
    files.trash(files.all().find(({ name }) => name === 'b')?.id ?? '', true)
    await expect(storage.stat('a/b')).rejects.toBeInstanceOf(ObjectMissingError)
    await expect(collect(storage.read('a/b'))).rejects.toBeInstanceOf(ObjectMissingError)
    expect(await keysOf(storage.list(''))).toEqual([])
    await storage.put('a/b', Buffer.from('second'), { kind })
    expect(String(await collect(storage.read('a/b')))).toBe('second')
  })

  test.each([
    ['moved to the trash', 'trash'],
    ['deleted for good', 'delete'],
  ] as const)('a folder that was %s meanwhile is made anew', async (_, how) => {
    await using place = await drivePlace()
    const { files } = place.server
    files.role = 'manager'
    const storage = withRetry(place.open(), quick)
    await storage.put('a/b', Buffer.from('first'), { kind })
    const id = folderAt(place.server, 'immich/a')
    if (how === 'trash') files.trash(id, true)
    else files.delete(id)
    await storage.put('a/c', Buffer.from('second'), { kind })
    await expect(storage.stat('a/b')).rejects.toBeInstanceOf(ObjectMissingError)
    await storage.upload('a/d', pieces(randomBytes(9 * megabyte), megabyte), { kind })
    expect(await keysOf(storage.list(''))).toEqual(['a/c', 'a/d'])
  })

  test.each(['trash', 'delete'] as const)(
    'a folder gone in the middle of a put (%s) is made anew',
    async (how) => {
      await using place = await drivePlace()
      const { files } = place.server
      files.role = 'manager'
      const storage = withRetry(place.open(), quick)
      await storage.put('a/b', Buffer.from('first'), { kind })
      const id = folderAt(place.server, 'immich/a')
      place.server.beforeNext(creating, () => (how === 'trash' ? files.trash(id, true) : files.delete(id)))
      await storage.put('a/c', Buffer.from('second'), { kind })
      expect(await keysOf(storage.list(''))).toEqual(['a/c'])
    },
  )

  test('a folder that was exchanged is found anew', async () => {
    await using place = await drivePlace()
    const { files } = place.server
    const storage = place.open()
    await storage.put('a/b', Buffer.from('first'), { kind })
    const old = files.get(folderAt(place.server, 'immich/a'))
    old.name = 'old'
    const parents = [folderAt(place.server, 'immich/a')]
    files.create({ name: 'c', parents }, Buffer.from('second'))
    expect(String(await collect(storage.read('a/c')))).toBe('second')
  })
})

function madeLongAgo(files: { id: string; createdTime: Date }[]): string[] {
  for (const file of files) file.createdTime = new Date(Date.now() - 60 * 60 * 1000)
  return files.map(({ id }) => id)
}
