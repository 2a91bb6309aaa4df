import { utimes } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseDatabaseUrl } from '../../../src/immich/databaseUrl.ts'
import type { BackupResult } from '../../../src/runs/backup/plan.ts'
import { createSmallImmich, runOn } from '../../immich/smallImmich.ts'
import { freePort } from '../../support/ports.ts'
import { startPostgres, type TestPostgres } from '../../support/postgres.ts'
import { keysIn } from '../verify/tampering.ts'
import { Fixture, recordOf, type Wishes } from './fixture.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(async () => await postgres[Symbol.asyncDispose]())

let databases = 0
const longAgo = new Date(1_600_000_000_000)

function source(url: string): Wishes['database'] {
  return { settings: parseDatabaseUrl(url), serverUrl: undefined, configuredVersion: undefined }
}

/** A library whose files are what its database says, written long ago. */
async function libraryWithDatabase() {
  const fixture = await Fixture.create()
  const url = await postgres.createDatabase(`immich${++databases}`)
  const immich = await createSmallImmich(url, '3.1.0')
  const write = async (path: string, content: string, time = longAgo) => {
    await fixture.write(path, content)
    await utimes(fixture.path(path), time, time)
  }
  const files: [string, string][] = [
    [immich.photo.path, 'photo'],
    [immich.photo.sidecar, 'sidecar'],
    [immich.video.path, 'video'],
    [immich.trashed.path, 'trashed'],
    [immich.profile, 'profile'],
  ]
  for (const [path, content] of files) await write(path, content)
  const sources = fixture.sources('library', 'upload', 'profile')
  const backup = async (wishes: Wishes = {}): Promise<BackupResult> =>
    await fixture.backup({ sources, database: source(url), ...wishes })
  return { fixture, immich, url, backup, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() }
}

function examples({ tally }: BackupResult, kind: string): string[] {
  return tally.examples.filter((example) => example.kind === kind).map(({ path }) => path)
}

test('database and files make one snapshot, and each file that the database names is there', async () => {
  await using library = await libraryWithDatabase()
  const { fixture, immich, backup } = library
  const result = await backup()
  expect(result.exitCode).toBe(0)
  // The external photo lies outside of everything.
  expect(result.warnings).toEqual([
    '1 file named by the database, outside of what `include` and `sources` name',
  ])
  const record = recordOf(result)
  expect(record).toMatchObject({
    immich: { version: '3.1.0', source: 'database' },
    postgres: { version: expect.stringMatching(new RegExp(`^${postgres.major}\\.`)) },
    crossCheck: { expected: 5, missing: 0, mismatched: 0, assets: 5 },
  })
  expect(record.database?.key).toMatch(
    /^database\/\d{8}T\d{6}Z-immich-v3\.1\.0-pg\d+\.\d+-[0-9a-f]{16}\.sql\.gz$/,
  )
  expect(await fixture.names()).toContain(immich.photo.path)
  await fixture.expectWhole()
})

test('what the database names and is not there is counted and told, in every run', async () => {
  await using library = await libraryWithDatabase()
  const { fixture, immich, backup } = library
  await fixture.remove(immich.photo.path)
  await fixture.remove(immich.profile)
  for (let run = 0; run < 2; run++) {
    const result = await backup()
    expect(recordOf(result).crossCheck).toMatchObject({ expected: 5, missing: 2 })
    expect(examples(result, 'missing').sort()).toEqual([immich.photo.path, immich.profile])
    expect(result.warnings).toContain('2 files named by the database and not there')
  }
})

test('an original that is damaged already is told by its SHA-1 when it is first seen', async () => {
  await using library = await libraryWithDatabase()
  const { fixture, immich, backup } = library
  await fixture.write(immich.photo.path, 'damaged')
  const result = await backup()
  expect(recordOf(result).crossCheck).toMatchObject({ missing: 0, mismatched: 1 })
  expect(examples(result, 'mismatched')).toEqual([immich.photo.path])
  expect(await fixture.names()).toContain(immich.photo.path)
})

test('a young file that no row names may still be growing, and waits for the next run', async () => {
  await using library = await libraryWithDatabase()
  const { fixture, immich, backup } = library
  await fixture.write(`upload/${immich.userId}/young.jpg`, 'young')
  const result = await backup()
  expect(result.tally.changes.deferred).toBe(1)
  expect(await fixture.names()).not.toContain(`upload/${immich.userId}/young.jpg`)
  const later = new Date(Date.now() + 11 * 60_000)
  const next = await backup({ now: () => later })
  expect(next.tally.changes).toMatchObject({ deferred: 0, added: 1 })
  expect(await fixture.names()).toContain(`upload/${immich.userId}/young.jpg`)
})

test('a file from the future is not young for ever', async () => {
  await using library = await libraryWithDatabase()
  const { fixture, immich, backup } = library
  const path = `upload/${immich.userId}/wrong-clock.jpg`
  await fixture.write(path, 'from a camera whose clock was wrong')
  const future = new Date(Date.now() + 24 * 3600 * 1000)
  await utimes(fixture.path(path), future, future)
  expect((await backup()).tally.changes.deferred).toBe(0)
  expect(await fixture.names()).toContain(path)
})

test('a young file that a row names is taken, and so is one of a folder that is not of Immich', async () => {
  await using library = await libraryWithDatabase()
  const { fixture, immich, backup } = library
  await fixture.write(immich.video.path, 'video')
  await fixture.write('dam/young.dng', 'young')
  const dam = { treePath: 'sources/dam', root: fixture.path('dam'), immich: false }
  const result = await backup({ sources: [...fixture.sources('library', 'upload', 'profile'), dam] })
  expect(result.tally.changes.deferred).toBe(0)
  expect(await fixture.names()).toEqual(expect.arrayContaining([immich.video.path, 'sources/dam/young.dng']))
})

test('an external library that is backed up as a further folder is part of the check', async () => {
  await using library = await libraryWithDatabase()
  const { fixture, immich, url, backup } = library
  const nas = fixture.path('nas')
  await runOn(url, [
    'UPDATE asset SET "originalPath" = $1, "isOffline" = false WHERE "isExternal"',
    [`${nas}/old.jpg`],
  ])
  await fixture.write('nas/old.jpg', 'old')
  const sources = [
    ...fixture.sources('library', 'upload', 'profile'),
    { treePath: 'sources/nas', root: nas, immich: false },
  ]
  const result = await backup({ sources })
  expect({ exitCode: result.exitCode, warnings: result.warnings }).toEqual({ exitCode: 0, warnings: [] })
  expect(recordOf(result).crossCheck).toMatchObject({ expected: 6, missing: 0 })
  expect(immich.external.path).not.toContain(nas)
})

test('when assets drop sharply the run says so, also when only files were backed up in between', async () => {
  await using library = await libraryWithDatabase()
  const { url, backup } = library
  await backup()
  await backup({ only: 'files' })
  await runOn(
    url,
    [`UPDATE asset_exif SET "assetId" = NULL`],
    [`DELETE FROM asset_file`],
    [`DELETE FROM album_asset`],
  )
  await runOn(url, [`DELETE FROM asset WHERE "isExternal"`])
  const result = await backup()
  expect(result.exitCode).toBe(3)
  expect(result.warnings).toContainEqual(expect.stringMatching(/^assets dropped sharply, from 5 to 4,/))
  expect(recordOf(result).sharpDrop).toBe(true)
})

test('files alone keep the dump of before, and say so; the database alone keeps the files', async () => {
  await using library = await libraryWithDatabase()
  const { fixture, immich, backup } = library
  const first = recordOf(await backup())
  await fixture.write('library/new.jpg', 'new')
  const files = await backup({ only: 'files' })
  expect(recordOf(files).database).toEqual(first.database)
  expect(files.warnings).toEqual([
    expect.stringMatching(/^only files were backed up; the dump is the one of /),
  ])
  expect(await fixture.names()).toContain('library/new.jpg')
  await fixture.remove(immich.photo.path)
  const database = recordOf(await backup({ only: 'database' }))
  expect(database.database?.key).not.toBe(first.database?.key)
  expect(database.counts).toEqual(recordOf(files).counts)
  await fixture.expectWhole()
})

test('without the database nothing is committed, and the next run is as if nothing had been', async () => {
  await using library = await libraryWithDatabase()
  const { fixture, backup } = library
  const nobody = source(`postgres://immich:secret@127.0.0.1:${await freePort()}/immich`)
  await expect(backup({ database: nobody })).rejects.toMatchObject({ name: 'UserError' })
  expect(await fixture.records()).toEqual([])
  expect(keysIn(fixture.vault, 'database')).toEqual([])
  expect(keysIn(fixture.vault, 'runs')).toHaveLength(1)
  expect((await backup()).exitCode).toBe(0)
  await fixture.expectWhole()
})

test('a dump that fails half-way leaves no dump, no restore point, and no harm', async () => {
  await using library = await libraryWithDatabase()
  const { fixture, url, backup } = library
  const before = recordOf(await backup())
  const role = `reader${databases}`
  await runOn(
    url,
    [`CREATE ROLE ${role} LOGIN PASSWORD 'reader'`],
    [`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`],
    ['CREATE TABLE api_key (id int)'],
  )
  const settings = { ...parseDatabaseUrl(url), user: role, password: 'reader' }
  const guarded = { settings, serverUrl: undefined, configuredVersion: undefined }
  await expect(backup({ database: guarded })).rejects.toThrow(/permission denied for table api_key/)
  expect(keysIn(fixture.vault, 'database')).toEqual([before.database?.key])
  expect((await fixture.records()).filter(({ record }) => record.complete)).toHaveLength(1)
  const next = await backup()
  expect(next.exitCode).toBe(0)
  expect(recordOf(next).restorePoint?.runId).toBe(before.runId)
  await fixture.expectWhole()
})

test('a stop while the database is dumped leaves no dump', async () => {
  await using library = await libraryWithDatabase()
  const { fixture, url, backup } = library
  const rows = 'SELECT repeat(md5(i::text), 100) AS text FROM generate_series(1, 40000) AS i'
  await runOn(url, [`CREATE TABLE large AS ${rows}`])
  const stop = new AbortController()
  const stopped = backup({
    signal: stop.signal,
    onProgress: ({ phase }) => {
      if (phase === 'database') setTimeout(() => stop.abort(), 300)
    },
  })
  await expect(stopped).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }))
  expect(keysIn(fixture.vault, 'database')).toEqual([])
  expect(keysIn(fixture.vault, 'tmp')).toEqual([])
  expect((await backup()).exitCode).toBe(0)
})
