import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ImmichCounts } from '../../../src/immich/counts.ts'
import { parseDatabaseUrl } from '../../../src/immich/databaseUrl.ts'
import { findSnapshot } from '../../../src/runs/openSnapshot.ts'
import { restoreDatabase } from '../../../src/runs/restore/restoreDatabase.ts'
import { sha256 } from '../../../src/vault/objects.ts'
import type { CrossCheck } from '../../../src/vault/record.ts'
import type { StoredRecord } from '../../../src/vault/snapshots.ts'
import { createSmallImmich, runOn } from '../../immich/smallImmich.ts'
import { startPostgres, type TestPostgres } from '../../support/postgres.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { backUp, createTestVault, openTestVault, type TestVault } from '../backedUp.ts'
import { restoreTo } from './restoring.ts'

let base: Awaited<ReturnType<typeof temporaryFolder>>
let postgres: TestPostgres
let vault: TestVault
let snapshot: StoredRecord
let databases = 0
beforeAll(async () => {
  base = await temporaryFolder()
  postgres = await startPostgres()
  const source = await postgres.createDatabase('source')
  await createSmallImmich(source, '3.1.0')
  const library = join(base.path, 'media')
  for (const folder of ['library', 'upload', 'profile']) mkdirSync(join(library, folder), { recursive: true })
  vault = await createTestVault(base.path)
  snapshot = await backUp(vault, library, { database: source })
})
afterAll(async () => {
  await postgres[Symbol.asyncDispose]()
  await base[Symbol.asyncDispose]()
})

async function newDatabase(): Promise<string> {
  databases += 1
  return await postgres.createDatabase(`target_${databases}`)
}

interface Loading {
  overwrite?: boolean
  from?: TestVault
  /** What the record says instead. */
  counted?: Partial<CrossCheck> | null
}

async function loadInto(
  url: string,
  { overwrite = false, from = vault, counted = {} }: Loading = {},
): Promise<ImmichCounts> {
  await using opened = await openTestVault(from)
  const { signal } = new AbortController()
  const found = await findSnapshot(opened.vault, { host: 'main', choice: {}, knownHeads: [], signal })
  const { crossCheck } = found.record
  const record = { ...found.record, crossCheck: counted && crossCheck && { ...crossCheck, ...counted } }
  const progress: number[] = []
  const counts = await restoreDatabase({
    ...opened,
    record,
    settings: parseDatabaseUrl(url),
    overwrite,
    onProgress: (done) => progress.push(done),
    signal,
  })
  expect(progress.at(-1)).toBe(record.database?.plaintextSize)
  return counts
}

test('the dump comes from the vault into an empty database, every row counted', async () => {
  const url = await newDatabase()
  const { assets, tableRows } = await loadInto(url)
  expect(assets).toBeGreaterThan(0)
  // A snapshot of files alone has the dump of an earlier one, and counted no assets.
  const again = await loadInto(url, { overwrite: true, counted: null })
  expect([...again.tableRows]).toEqual([...tableRows])
  await expect(loadInto(url, { overwrite: true, counted: { assets: assets + 1 } })).rejects.toThrow(
    `the database has ${assets} assets now, and ${assets + 1} were counted for snapshot`,
  )
})

test('a database that holds something is left alone unless it is to be overwritten', async () => {
  const url = await newDatabase()
  await runOn(url, ['CREATE TABLE mine (id int)'])
  await expect(loadInto(url)).rejects.toThrow('is not empty: it has the table public.mine')
  expect((await loadInto(url, { overwrite: true })).assets).toBeGreaterThan(0)
  await expect(runOn(url, ['SELECT * FROM mine'])).rejects.toThrow('does not exist')
})

const damages: [string, (bytes: Buffer) => Buffer][] = [
  ['in its first chunk', (bytes) => flipped(bytes, 300)],
  ['in its last byte', (bytes) => flipped(bytes, bytes.length - 1)],
  ['by a cut', (bytes) => bytes.subarray(0, -1000)],
]

test.for(damages)('a dump that is damaged %s leaves the database as it was', async ([, damage]) => {
  const path = join(vault.path, snapshot.record.database?.key ?? '')
  const original = readFileSync(path)
  chmodSync(path, 0o644)
  writeFileSync(path, damage(Buffer.from(original)))
  try {
    const url = await newDatabase()
    await expect(loadInto(url)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('the database dump database/') as string,
    })
    await runOn(url, ['CREATE TABLE asset (id int)'])
  } finally {
    writeFileSync(path, original)
  }
})

function flipped(bytes: Buffer, at: number): Buffer {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  return bytes
}

test('a snapshot without a dump says so', async () => {
  await using place = await temporaryFolder()
  const library = join(place.path, 'media')
  for (const folder of ['library', 'upload', 'profile']) mkdirSync(join(library, folder), { recursive: true })
  const other = await createTestVault(place.path)
  await backUp(other, library)
  await expect(loadInto(await newDatabase(), { from: other })).rejects.toThrow('has no database dump')
})

test("a restored media root has the dump in backups/, under a name that Immich's own restore takes", async () => {
  await using place = await temporaryFolder()
  const { tally, dump } = await restoreTo(vault, place.path)
  expect(tally.problems).toEqual([])
  const { database, immich } = snapshot.record
  const name = readdirSync(join(place.path, 'backups')).find((file) => file.startsWith('uploaded-')) ?? ''
  expect(dump).toBe(`backups/${name}`)
  expect(name).toMatch(/^[\d\w-.]+\.sql(?:\.gz)?$/)
  expect(/-v(.*)-/.exec(name)?.[1]).toBe(immich?.version)
  const file = readFileSync(join(place.path, 'backups', name))
  expect(sha256(file).toString('hex')).toBe(database?.plaintextSha256)
  expect(gunzipSync(file).length).toBe(database?.sqlSize)
  expect(lstatSync(join(place.path, 'backups', name)).mode & 0o777).toBe(0o600)
  expect((await restoreTo(vault, place.path)).tally.counts.restored).toBe(0)
})

test('with --path, the dump comes only when the pattern fits it', async () => {
  await using place = await temporaryFolder()
  const { dump } = await restoreTo(vault, place.path, { path: 'backups' })
  expect(dump).toMatch(/^backups\/uploaded-/)
  expect(readdirSync(place.path)).toEqual(['backups'])
  const { dump: none } = await restoreTo(vault, join(place.path, 'other'), { path: 'library' })
  expect(none).toBeUndefined()
})
