import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { withLimit } from '../../src/storage/limit.ts'
import { openStorage } from '../../src/storage/open.ts'
import { withRetry } from '../../src/storage/retry.ts'
import { drivePlace, quick, treeOf } from '../support/drive.ts'
import { conformance } from './conformance.ts'
import { collect, keysOf, pieces } from './streams.ts'

const kind = 'content' as const
const megabyte = 1024 * 1024

conformance(
  async () => {
    const place = await drivePlace()
    const { files, sessions } = place.server
    return {
      storage: withLimit(place.open({ prefix: 'a folder/of it' })),
      reopen: async () => place.open({ prefix: 'a folder/of it' }),
      leftovers: async () => [
        ...files.trashed().map(({ name }) => name),
        ...Array.from({ length: sessions.unfinished }, () => 'a session'),
      ],
      [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
    }
  },
  { resumable: true },
)

describe('in Drive', () => {
  test('a person sees the vault as it is', async () => {
    await using place = await drivePlace()
    const storage = place.open({ prefix: 'backups/immich' })
    await storage.put('vault.json', Buffer.from('{}'), { kind: 'index' })
    await storage.put('objects/ab/cd', Buffer.from('bytes'), { kind })
    expect(treeOf(place.server)).toEqual([
      'backups/',
      'backups/immich/',
      'backups/immich/objects/',
      'backups/immich/objects/ab/',
      'backups/immich/objects/ab/cd',
      'backups/immich/vault.json',
    ])
    expect(storage.location).toBe(`drive://${place.server.files.sharedDriveId}/backups/immich`)
  })

  test('the account of a user keeps it in My Drive', async () => {
    await using place = await drivePlace()
    const { clientId, clientSecret, refreshToken } = place.server.tokens
    const credentials = { clientId, clientSecret, refreshToken }
    const storage = place.open({ credentials, folder: undefined })
    await storage.put('objects/ab/cd', Buffer.from('bytes'), { kind })
    await storage.upload('objects/ab/ef', pieces(randomBytes(9 * megabyte), megabyte), { kind })
    expect(treeOf(place.server, place.server.files.myDriveId)).toContain('immich/objects/ab/cd')
    expect(await keysOf(storage.list(''))).toEqual(['objects/ab/cd', 'objects/ab/ef'])
    expect(String(await collect(storage.read('objects/ab/cd')))).toBe('bytes')
    expect(storage.location).toBe('drive://root/immich')
  })

  test('capitals count, though searches in Drive do not see them', async () => {
    await using place = await drivePlace()
    const storage = place.open()
    await storage.put('a/B', Buffer.from('capital'), { kind })
    await storage.put('a/b', Buffer.from('small'), { kind })
    await storage.put('A/b', Buffer.from('elsewhere'), { kind })
    expect(String(await collect(storage.read('a/B')))).toBe('capital')
    expect(String(await collect(storage.read('a/b')))).toBe('small')
    expect(await keysOf(storage.list(''))).toEqual(['A/b', 'a/B', 'a/b'])
  })

  test('what is no file of bytes is no object', async () => {
    await using place = await drivePlace()
    const storage = place.open({ prefix: '' })
    const { files } = place.server
    const parents = [files.sharedDriveId]
    files.create({ name: 'notes', mimeType: 'application/vnd.google-apps.document', parents }, undefined)
    files.create({ name: 'link', mimeType: 'application/vnd.google-apps.shortcut', parents }, undefined)
    files.create({ name: 'caf\u00e9', parents }, Buffer.from('x'))
    expect(await keysOf(storage.list(''))).toEqual([])
    await expect(storage.stat('notes')).rejects.toMatchObject({ name: 'ObjectMissingError' })
    await storage.put('notes', Buffer.from('x'), { kind })
    expect(await storage.stat('notes')).toEqual({ size: 1 })
  })

  test('the whole stack opens from plain options', async () => {
    await using place = await drivePlace()
    const storage = await openStorage(structuredClone(place.options))
    await storage.put('key', Buffer.from('bytes'), { kind: 'index' })
    expect(String(await collect(storage.read('key')))).toBe('bytes')
    await storage.close()
  })

  test('a put costs three requests, a read two', async () => {
    await using place = await drivePlace()
    const storage = place.open()
    await storage.put('objects/ab/1', Buffer.from('1'), { kind })
    const { requests } = place.server
    requests.length = 0
    await storage.put('objects/ab/2', Buffer.from('2'), { kind })
    await collect(storage.read('objects/ab/2'))
    expect(requests.map(({ line }) => line.replace(/\/1[\w-]{32}$/, '/ID'))).toEqual([
      'GET /drive/v3/files',
      'POST /upload/drive/v3/files?uploadType=multipart',
      'GET /drive/v3/files',
      'GET /drive/v3/files',
      'GET /drive/v3/files/ID',
    ])
  })
})

describe('what cannot be used', () => {
  test.each([
    [
      'that is not there',
      () => 'no-such-folder',
      /there is no folder no-such-folder in Drive, or the account does not see it/,
    ],
    ['in the trash', trashedFolder, /is in the trash/],
    ['that is a file', someFile, /is not a folder/],
  ])('a folder %s is told by every call', async (_, folderOf, message) => {
    await using place = await drivePlace()
    const storage = place.open({ folder: folderOf(place.server.files) })
    const expected = { name: 'UserError', message: expect.stringMatching(message) }
    await expect(storage.put('key', randomBytes(1), { kind })).rejects.toMatchObject(expected)
    await expect(storage.stat('key')).rejects.toMatchObject(expected)
    await expect(collect(storage.read('key'))).rejects.toMatchObject(expected)
    await expect(keysOf(storage.list(''))).rejects.toMatchObject(expected)
  })

  test('a folder that is not there may be one that is not shared: the address to share it with is told', async () => {
    await using place = await drivePlace()
    const storage = place.open({ folder: 'no-such-folder' })
    const hint = expect.stringContaining(`share the folder with ${place.server.tokens.email}`)
    await expect(storage.stat('key')).rejects.toMatchObject({ hint })
  })

  test('a service account has no room of its own', async () => {
    await using place = await drivePlace()
    const storage = withRetry(place.open({ folder: place.server.files.myDriveId }), quick)
    await expect(storage.put('key', randomBytes(1), { kind })).rejects.toMatchObject({
      name: 'StorageError',
      transient: false,
      message: expect.stringContaining('storageQuotaExceeded'),
      hint: expect.stringContaining('shared drive'),
    })
  })

  test('a key that is none is told without repeating it', async () => {
    await using place = await drivePlace()
    for (const serviceAccount of ['hunter2', '{"private_key": "hunter2"}', '']) {
      expect(() => place.open({ credentials: { serviceAccount } })).toThrow(/key of the service account/)
      expect(() => place.open({ credentials: { serviceAccount } })).not.toThrow(/hunter2/)
    }
  })
})

describe('a trial', () => {
  const roles = [
    ['contributor', 'refused', true],
    ['contentManager', 'hidden', true],
    ['manager', 'allowed', false],
  ] as const
  test.each(roles)('tells what a %s may do', async (role, removal, keepsVersions) => {
    await using place = await drivePlace()
    const { trial, put } = bound(place.open())
    place.server.files.role = role
    await put('uploads/trial-1')
    expect(await trial.overwrite('uploads/trial-1', Buffer.from('other'), {})).toBe('allowed')
    expect(await trial.remove('uploads/trial-1', {})).toBe(removal)
    expect(await trial.keepsVersions({})).toBe(keepsVersions)
    expect((await trial.clock({}))?.getTime()).toBeCloseTo(Date.now(), -4)
    expect(treeOf(place.server).includes('immich/uploads/trial-1')).toBe(removal === 'refused')
  })

  test('touches nothing but what belongs to probes', async () => {
    await using place = await drivePlace()
    const { trial, put } = bound(place.open())
    await put('vault.json')
    await expect(trial.remove('vault.json', {})).rejects.toThrow('not a key of a trial')
    await expect(trial.overwrite('vault.json', Buffer.alloc(1), {})).rejects.toThrow('not a key of a trial')
    expect(treeOf(place.server)).toContain('immich/vault.json')
  })

  test('in My Drive everything can be deleted', async () => {
    await using place = await drivePlace()
    const { clientId, clientSecret, refreshToken } = place.server.tokens
    const credentials = { clientId, clientSecret, refreshToken }
    const { trial, put } = bound(place.open({ credentials, folder: undefined }))
    await put('uploads/trial-1')
    expect(await trial.remove('uploads/trial-1', {})).toBe('allowed')
    expect(await trial.keepsVersions({})).toBe(false)
  })
})

type Files = Awaited<ReturnType<typeof drivePlace>>['server']['files']

function trashedFolder(files: Files): string {
  const parents = [files.sharedDriveId]
  const { id } = files.create({ parents, mimeType: 'application/vnd.google-apps.folder' }, undefined)
  files.trash(id, true)
  return id
}

function someFile(files: Files): string {
  return files.create({ parents: [files.sharedDriveId] }, Buffer.alloc(1)).id
}

function bound(storage: ReturnType<Awaited<ReturnType<typeof drivePlace>>['open']>) {
  const { trial } = storage
  if (trial === undefined) throw new Error('this storage has no trial')
  return { trial, put: async (key: string) => storage.put(key, Buffer.from('bytes'), { kind }) }
}
