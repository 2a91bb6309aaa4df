/* One backup to several destinations: what each gets, and what one that fails or is slow means for the others. */
import { execFileSync } from 'node:child_process'
import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { parseDatabaseUrl } from '../../../src/immich/databaseUrl.ts'
import { sharedLimits } from '../../../src/storage/limits/limits.ts'
import { UserError } from '../../../src/shared/errors.ts'
import { createSmallImmich } from '../../immich/smallImmich.ts'
import { createBucket, storageOptions } from '../../support/bucket.ts'
import { startHttpProxy } from '../../support/httpProxy.ts'
import { startPostgres } from '../../support/postgres.ts'
import { Random } from '../../support/random.ts'
import { s3Server } from '../../support/s3Server.ts'
import { keysIn } from '../verify/tampering.ts'
import { openAsDestination, recordOf, type Fixture } from './fixture.ts'
import { resultOf, SeveralVaults } from './several.ts'

const random = new Random(12)
const denied = { status: 403, code: 'AccessDenied' } as const

/** Small files, photos, and a film that goes in pieces. */
async function addFiles(library: Fixture, round = 0): Promise<void> {
  for (let i = 0; i < 6; i++) {
    await library.write(`upload/${round}/${i}.xmp`, `sidecar ${round} ${i}`)
    await library.write(`upload/${round}/${i}.jpg`, random.bytes(300_000))
  }
  await library.write(`library/${round}/film.mp4`, random.bytes(9_000_000))
}

test('every vault gets all of the library, and its own snapshot', async () => {
  await using several = await SeveralVaults.create({ one: undefined, two: undefined, three: undefined })
  await addFiles(several.library)
  expect(await several.backupWell()).toEqual({ one: 14, two: 14, three: 14 })
  await several.expectAllTheSame()
  expect(await several.backupWell()).toEqual({ one: 0, two: 0, three: 0 })
})

test('each destination gets what it lacks', async () => {
  await using several = await SeveralVaults.create({ one: undefined, two: undefined })
  const { library } = several
  await addFiles(library)
  await several.of('one').backupWell()
  await addFiles(library, 1)
  await several.of('two').backupWell()
  await addFiles(library, 2)
  await library.remove('upload/0/3.jpg')
  await library.move('upload/1/4.jpg', 'library/moved.jpg')
  const ends = await several.backup()
  const changes = (name: string) => recordOf(resultOf(ends.get(name))).changes
  expect(changes('one')).toMatchObject({ added: 26, archived: 1, storedContents: 26 })
  expect(changes('two')).toMatchObject({ added: 14, archived: 2, storedContents: 13 })
  await several.expectAllTheSame()
})

test('a destination that does not open is told, and the others have their snapshots', async () => {
  await using several = await SeveralVaults.create({ one: undefined, two: undefined })
  await addFiles(several.library)
  const error = new UserError('the disk is not there')
  const broken = { name: 'broken', open: () => Promise.reject(error) }
  const ends = await several.backup({}, [broken, ...several.destinations()])
  expect([...ends.keys()]).toEqual(['broken', 'one', 'two'])
  expect(ends.get('broken')).toEqual({ destination: 'broken', error })
  expect(resultOf(ends.get('two')).exitCode).toBe(0)
  await several.expectAllTheSame()
})

test('a destination that opens very late comes after the others', async () => {
  await using several = await SeveralVaults.create({ one: undefined, two: undefined })
  await addFiles(several.library)
  const [one, two] = several.destinations()
  if (!one || !two) throw new Error('there are two')
  const opened = Promise.withResolvers<void>()
  const late = { name: two.name, open: async () => await opened.promise.then(two.open) }
  const order: string[] = []
  const begun = Promise.withResolvers<void>()
  const prompt = { name: one.name, open: async () => await one.open().finally(begun.resolve) }
  const onEnd = ({ destination }: { destination: string }): void => {
    order.push(destination)
    opened.resolve()
  }
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const ends = several.backup({ onEnd }, [late, prompt])
    await begun.promise
    while (order.length === 0) await vi.advanceTimersByTimeAsync(10_000)
    await ends
  } finally {
    vi.useRealTimers()
  }
  expect(order).toEqual(['one', 'two'])
  await several.expectAllTheSame()
})

test('a storage that fails in the middle costs its own snapshot alone, and the next run makes up for it', async () => {
  const server = await s3Server()
  await using bucket = await createBucket(server)
  await using proxy = await startHttpProxy(server.endpoint)
  const cloud = { ...storageOptions(server, bucket.name), endpoint: proxy.url }
  await using several = await SeveralVaults.create({ disk: undefined, cloud })
  await addFiles(several.library)
  await several.backupWell()
  const places = [/^PUT .*\/snapshots\//, /^PUT .*\/packs\//, /^PUT .*\/objects\//]
  for (const [i, place] of places.entries()) {
    await addFiles(several.library, i + 1)
    proxy.breakNext(place, denied)
    const told: string[] = []
    const ends = await several.backup({ onEnd: ({ destination }) => told.push(destination) })
    expect(resultOf(ends.get('disk')).exitCode).toBe(0)
    expect(recordOf(resultOf(ends.get('disk'))).changes).toMatchObject({ added: 13, storedContents: 13 })
    expect(ends.get('cloud')).toMatchObject({ error: { name: 'AccessDeniedError' } })
    expect(told).toHaveLength(2)
    await several.of('disk').expectRestoresTheSame()
  }
  expect((await several.backupWell())['disk']).toBe(0)
  await several.expectAllTheSame()
}, 120_000)

test('a full disk stops nothing but the backup to it', async () => {
  await using several = await SeveralVaults.create({ one: undefined, two: undefined })
  const disk = several.of('two').vault.path
  const inMemory = `${disk}-in-memory`
  execFileSync('cp', ['-r', disk, inMemory])
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk])
  try {
    execFileSync('cp', ['-rT', inMemory, disk])
    await addFiles(several.library)
    const ends = await several.backup()
    expect(resultOf(ends.get('one')).exitCode).toBe(0)
    expect(ends.get('two')).toMatchObject({ error: { message: expect.stringMatching(/full|no space/i) } })
    await several.of('one').expectRestoresTheSame()
    execFileSync('mount', ['-o', 'remount,size=64m', disk])
    expect((await several.backupWell())['one']).toBe(0)
    await several.expectAllTheSame()
  } finally {
    execFileSync('umount', [disk])
  }
})

test('a slow destination does not hold the others back, and gets all the same', async () => {
  const slowly = [
    {
      upload: { usual: 600_000, hours: [] },
      download: { usual: Infinity, hours: [] },
      concurrency: Infinity,
      requestsPerSecond: Infinity,
      shared: sharedLimits(),
    },
  ]
  await using several = await SeveralVaults.create({ fast: undefined, slow: undefined })
  const { library } = several
  for (let i = 0; i < 24; i++) await library.write(`upload/${i}.jpg`, random.bytes(300_000))
  await library.write('library/last.jpg', random.bytes(300_000))
  const [fast, slow] = several.destinations()
  if (!fast || !slow) throw new Error('there are two')
  const { vault } = several.of('slow')
  const throttled = {
    name: 'slow',
    open: async () => {
      const opened = await openAsDestination(vault)
      return { ...opened, storage: { ...opened.storage, limits: slowly } }
    },
  }
  let storedSlowly = Infinity
  const onEnd = ({ destination }: { destination: string }): void => {
    if (destination === 'fast') storedSlowly = keysIn(vault, 'objects').length
  }
  const ends = await several.backup({ onEnd }, [fast, throttled])
  // Some of them went to both with one reading, and the others were left for later.
  expect(storedSlowly).toBeGreaterThan(0)
  expect(storedSlowly).toBeLessThan(20)
  for (const end of ends.values()) {
    expect(resultOf(end)).toMatchObject({ exitCode: 0, warnings: [], toRead: { files: 27 } })
    expect(recordOf(resultOf(end)).changes).toMatchObject({ added: 27, storedContents: 26 })
  }
  await several.expectAllTheSame()
}, 120_000)

test('all dumps are of one moment, and one that fails costs its own snapshot alone', async () => {
  const server = await s3Server()
  await using bucket = await createBucket(server)
  await using proxy = await startHttpProxy(server.endpoint)
  await using postgres = await startPostgres()
  const url = await postgres.createDatabase('immich')
  await createSmallImmich(url, '3.1.0')
  const cloud = { ...storageOptions(server, bucket.name), endpoint: proxy.url }
  await using several = await SeveralVaults.create({ disk: undefined, cloud })
  await addFiles(several.library)
  const database = { settings: parseDatabaseUrl(url), serverUrl: undefined, configuredVersion: undefined }
  const sources = several.library.sources('library', 'upload').map((source) => ({ ...source, immich: false }))
  const ends = await several.backup({ database, sources })
  const [disk, inCloud] = ['disk', 'cloud'].map((name) => recordOf(resultOf(ends.get(name))).database)
  expect(disk?.taken).toBe(inCloud?.taken)
  expect(disk?.sqlSize).toBe(inCloud?.sqlSize)
  await several.expectAllTheSame()
  proxy.breakNext(/^(?:PUT|POST) .*\/database\//, denied)
  const second = await several.backup({ database, sources })
  expect(recordOf(resultOf(second.get('disk')))).toMatchObject({ sequence: 2, complete: true })
  expect(second.get('cloud')).toMatchObject({ error: { name: 'AccessDeniedError' } })
  expect(keysIn(several.of('disk').vault, 'database')).toHaveLength(2)
}, 120_000)

test('without the database nobody has a snapshot', async () => {
  await using several = await SeveralVaults.create({ one: undefined, two: undefined })
  await addFiles(several.library)
  const settings = parseDatabaseUrl('postgres://nobody@127.0.0.1:1/immich')
  const database = { settings, serverUrl: undefined, configuredVersion: undefined }
  const ends = await several.backup({ database })
  for (const end of ends.values()) expect(end).toMatchObject({ error: { name: 'UserError' } })
  for (const fixture of several.at.values()) expect(await fixture.records()).toEqual([])
})

test('a stop stops all, and each goes on from there', async () => {
  await using several = await SeveralVaults.create({ one: undefined, two: undefined })
  for (let i = 0; i < 40; i++) await several.library.write(`upload/${i}.jpg`, random.bytes(300_000))
  const stop = new AbortController()
  const ends = await several.backup({
    signal: stop.signal,
    onProgress: ({ phase, filesDone }) => {
      if (phase === 'storing' && filesDone >= 10) stop.abort(new Error('stop'))
    },
  })
  for (const [name, end] of ends) {
    expect(end).toMatchObject({ error: { message: 'stop' } })
    const [{ record } = { record: undefined }] = await several.of(name).records()
    expect(record).toMatchObject({ complete: false })
  }
  const stored = await several.backupWell()
  for (const name of ['one', 'two']) expect(stored[name]).toBeLessThan(40)
  await several.expectAllTheSame()
})

test('a working copy that is damaged fails alone', async () => {
  await using several = await SeveralVaults.create({ one: undefined, two: undefined })
  await addFiles(several.library)
  const ends = await several.backup()
  expect(resultOf(ends.get('one')).exitCode).toBe(0)
  await addFiles(several.library, 1)
  const { vault } = several.of('one')
  const file = join(vault.state, vault.pin.id, 'main', 'manifest.sqlite')
  const { size } = await stat(file)
  const pages = await open(file, 'r+')
  await pages.write(Buffer.alloc(size - 4096, 0xa5), 0, size - 4096, 4096)
  await pages.close()
  const second = await several.backup()
  expect(second.get('one')).toMatchObject({ error: { message: `${file} is damaged` } })
  expect(recordOf(resultOf(second.get('two'))).changes).toMatchObject({ added: 13 })
  await rm(file)
  await several.backupWell()
  await several.expectAllTheSame()
})

test('a dry run says for each what it would take', async () => {
  await using several = await SeveralVaults.create({ one: undefined, two: undefined })
  await addFiles(several.library)
  await several.of('one').backupWell()
  await several.library.write('upload/new.jpg', 'new')
  const ends = await several.backup({ dryRun: true })
  expect(resultOf(ends.get('one')).toRead).toEqual({ files: 1, bytes: 3 })
  expect(resultOf(ends.get('two')).toRead.files).toBe(16)
  expect(await several.of('two').records()).toEqual([])
})
