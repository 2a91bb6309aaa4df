import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CatalogueEntry, readCatalogue } from '../../src/immich/catalogue.ts'
import { readCounts } from '../../src/immich/counts.ts'
import { parseDatabaseUrl } from '../../src/immich/databaseUrl.ts'
import { libraryPath, readMediaRoot } from '../../src/immich/mediaRoot.ts'
import { readSchema } from '../../src/immich/schema.ts'
import { openDatabaseSnapshot } from '../../src/immich/snapshot.ts'
import { readImmichVersion, readPostgresVersion } from '../../src/immich/versions.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { createSmallImmich, runOn, type Shape } from './smallImmich.ts'

const { signal } = new AbortController()
let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(async () => {
  await postgres[Symbol.asyncDispose]()
})

function openSnapshot(url: string) {
  return openDatabaseSnapshot(parseDatabaseUrl(url), signal)
}

async function readAll(url: string) {
  await using snapshot = await openSnapshot(url)
  const schema = await readSchema(snapshot.session)
  const mediaRoot = await readMediaRoot(snapshot.session, schema)
  const entries: CatalogueEntry[] = []
  for await (const entry of readCatalogue(snapshot.session, schema, mediaRoot)) entries.push(entry)
  return { mediaRoot, entries }
}

describe.each<Shape>(['1.135.3', '2.3.1', '3.1.0'])('a database of Immich %s', (shape) => {
  test('is read with its own names, and its paths are relative to the media root', async () => {
    const url = await postgres.createDatabase(`catalogue ${shape}`)
    const immich = await createSmallImmich(url, shape)
    const { mediaRoot, entries } = await readAll(url)
    const plain = { outside: false, required: true, trashed: false, offline: false, external: false }
    const { photo, video, motionPart, trashed, external } = immich
    expect(mediaRoot).toBe(immich.names.root)
    expect(entries).toHaveLength(10)
    expect(entries).toEqual(
      expect.arrayContaining([
        { ...plain, kind: 'original', id: photo.id, path: photo.path, sha1: photo.sha1, size: photo.size },
        { ...plain, kind: 'sidecar', id: photo.id, path: photo.sidecar },
        { ...plain, kind: 'preview', id: photo.id, path: photo.preview, required: false },
        expect.objectContaining({ ...plain, kind: 'original', path: video.path }),
        { ...plain, kind: 'encoded_video', id: video.id, path: video.encoded, required: false },
        expect.objectContaining({ kind: 'original', path: motionPart.path, required: false }),
        expect.objectContaining({ ...plain, kind: 'original', path: trashed.path, trashed: true }),
        {
          ...plain,
          kind: 'original',
          id: external.id,
          path: external.path,
          outside: true,
          external: true,
          offline: true,
        },
        { ...plain, kind: 'profile', id: immich.userId, path: immich.profile },
        { ...plain, kind: 'person', id: photo.id, path: immich.person, required: false },
      ]),
    )
  })

  test('tells its versions and its counts', async () => {
    const url = await postgres.createDatabase(`counts ${shape}`)
    await createSmallImmich(url, shape)
    await using snapshot = await openSnapshot(url)
    const schema = await readSchema(snapshot.session)
    expect(await readImmichVersion(snapshot.session, schema)).toBe(shape)
    expect(await readPostgresVersion(snapshot.session)).toMatchObject({ major: postgres.major })
    expect(await readCounts(snapshot.session, schema)).toMatchObject({
      assets: 5,
      trashed: 1,
      albums: 1,
      users: 1,
      recordedDeletions: 1,
    })
  })
})

test('a catalogue of several batches has every asset once', async () => {
  const url = await postgres.createDatabase('many')
  await createSmallImmich(url, '3.1.0')
  await runOn(url, [
    `INSERT INTO asset ("originalPath", checksum)
     SELECT '/data/upload/' || n, decode(md5(n::text), 'hex') FROM generate_series(1, 12000) n`,
  ])
  const { entries } = await readAll(url)
  const originals = entries.filter(({ kind }) => kind === 'original').map(({ path }) => path)
  expect(originals).toHaveLength(12_005)
  expect(new Set(originals).size).toBe(12_005)
})

test('a type of file that only a later Immich knows is told as such, and is required', async () => {
  const url = await postgres.createDatabase('later')
  const { photo } = await createSmallImmich(url, '3.1.0')
  await runOn(url, [`INSERT INTO asset_file VALUES ($1, 'hologram', '/data/upload/hologram')`, [photo.id]])
  const { entries } = await readAll(url)
  expect(entries).toContainEqual(
    expect.objectContaining({ kind: 'other', path: 'upload/hologram', required: true }),
  )
})

test('a media root that nobody recorded is seen from the paths', async () => {
  for (const root of ['/usr/src/app/upload', '/mnt/library/immich', 'upload']) {
    const url = await postgres.createDatabase(`root ${root.replaceAll('/', '-')}`)
    await createSmallImmich(url, '3.1.0')
    const user = randomUUID()
    const insert = `INSERT INTO asset ("originalPath", checksum) VALUES ($1, '')`
    await runOn(
      url,
      [`DELETE FROM system_metadata`],
      [`DELETE FROM asset_file`],
      [`DELETE FROM asset_exif`],
      [`DELETE FROM asset WHERE NOT "isExternal"`],
      [insert, [`${root}/upload/${user}/ab/cd/one.jpg`]],
      [insert, [`${root}/upload/${user}/ab/cd/two.jpg`]],
      [insert, [`${root}/library/${user}/2024/library/three.jpg`]],
    )
    await using snapshot = await openSnapshot(url)
    expect(await readMediaRoot(snapshot.session, await readSchema(snapshot.session))).toBe(root)
  }
})

test('a path is inside the media root only below it', () => {
  expect(libraryPath('/data', '/data/upload/a.jpg')).toEqual({ path: 'upload/a.jpg', outside: false })
  expect(libraryPath('/data/', '/data/upload/a.jpg')).toEqual({ path: 'upload/a.jpg', outside: false })
  expect(libraryPath('/data', '/database/a.jpg')).toEqual({ path: '/database/a.jpg', outside: true })
  expect(libraryPath(undefined, '/data/a.jpg')).toEqual({ path: '/data/a.jpg', outside: true })
})

test('a database that is not Immich’s is refused in plain words', async () => {
  const url = await postgres.createDatabase('shop')
  await runOn(url, ['CREATE TABLE users (id int)'])
  await using snapshot = await openSnapshot(url)
  await expect(readSchema(snapshot.session)).rejects.toThrow('this is not an Immich database')
})

test('tables that this version of Immich does not have are done without', async () => {
  const url = await postgres.createDatabase('bare')
  await createSmallImmich(url, '3.1.0')
  await runOn(url, [
    'DROP TABLE person, system_metadata, version_history, asset_audit, asset_exif, asset_file',
  ])
  await using snapshot = await openSnapshot(url)
  const schema = await readSchema(snapshot.session)
  expect(await readImmichVersion(snapshot.session, schema)).toBeUndefined()
  expect(await readCounts(snapshot.session, schema)).toMatchObject({ assets: 5, recordedDeletions: 0 })
  const { entries, mediaRoot } = await readAll(url)
  expect(mediaRoot).toBe('/data')
  expect(entries.map(({ kind }) => kind).toSorted()).toEqual([...Array(5).fill('original'), 'profile'])
})

test('a table that stays locked is told as that', async () => {
  const url = await postgres.createDatabase('locked')
  await createSmallImmich(url, '3.1.0')
  const migration = new Client(url)
  await migration.connect()
  await migration.query('BEGIN')
  await migration.query('LOCK TABLE asset')
  await using snapshot = await openSnapshot(url)
  expect(await snapshot.session.query('SHOW lock_timeout')).toEqual([{ lock_timeout: '1min' }])
  await snapshot.session.query(`SET LOCAL lock_timeout = '50ms'`)
  await expect(readCounts(snapshot.session, await readSchema(snapshot.session))).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringContaining('stayed locked'),
  })
  await migration.end()
})

test('a database of a much older Immich is refused, naming what is missing', async () => {
  const url = await postgres.createDatabase('ancient')
  await runOn(
    url,
    ['CREATE TABLE users (id int)'],
    [
      'CREATE TABLE assets (id int, "originalPath" text, checksum bytea, "isOffline" boolean, "deletedAt" date)',
    ],
  )
  await using snapshot = await openSnapshot(url)
  await expect(readSchema(snapshot.session)).rejects.toThrow('public.assets has no column "isExternal"')
})

test('a user who may not read is told so, and not that this were no Immich database', async () => {
  const url = await postgres.createDatabase('forbidden')
  await createSmallImmich(url, '3.1.0')
  await runOn(url, [`CREATE ROLE stranger LOGIN PASSWORD 'stranger'`])
  const settings = { ...parseDatabaseUrl(url), user: 'stranger', password: 'stranger' }
  await using snapshot = await openDatabaseSnapshot(settings, signal)
  const schema = await readSchema(snapshot.session)
  await expect(readCounts(snapshot.session, schema)).rejects.toMatchObject({
    name: 'UserError',
    message: 'the database refuses to be read: permission denied for table asset',
  })
})
