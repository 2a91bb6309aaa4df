import { mkdtempDisposable, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Client } from 'pg'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exec } from '../support/exec.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { compareTrees, describeTree, type TreeEntry } from '../support/tree.ts'
import { findInconsistencies } from './inconsistencies.ts'
import { createSampleLibrary, type SampleLibrary } from './library.ts'
import { nameThatIsNoText } from './names.ts'

let stack: AsyncDisposableStack
let postgres: TestPostgres
let folder: string
let library: SampleLibrary
let tree: TreeEntry[]

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  postgres = stack.use(await startPostgres())
  folder = stack.use(await mkdtempDisposable(join(tmpdir(), 'safelight-sample-'))).path
  library = await createSampleLibrary({
    root: join(folder, 'library'),
    database: await postgres.createDatabase('immich'),
  })
  tree = await describeTree(library.root)
})

afterAll(() => stack.disposeAsync())

async function query<Row extends object>(sql: string, database = library.database): Promise<Row[]> {
  const client = new Client(database)
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

function originals(extension: RegExp): { file: string; takenAt: Date; id: string }[] {
  return library.assets
    .filter(({ path, external }) => extension.test(path) && !external)
    .map(({ path, takenAt, id }) => ({ file: join(library.root, path), takenAt, id }))
}

test('the database and the files agree', async () => {
  expect(await findInconsistencies(library)).toEqual([])
  const [row] = await query<{ count: string }>('SELECT count(*) FROM asset')
  expect(row).toEqual({ count: '80' })
})

test('every photo opens, and its EXIF names the camera and the moment', async () => {
  const photos = library.assets.filter(({ photo, external }) => photo !== undefined && !external)
  expect(photos.length).toBeGreaterThan(40)
  for (const { path, photo, takenAt } of photos) {
    const { format, width, height, exif } = await sharp(join(library.root, path)).metadata()
    expect({ format, width, height }).toEqual({ format: 'jpeg', width: photo?.width, height: photo?.height })
    const text = exif?.toString('latin1') ?? ''
    expect(text).toContain(photo?.camera.make)
    expect(text).toContain(photo?.camera.model)
    expect(text).toContain(takenAt.toISOString().slice(11, 19))
    await sharp(join(library.root, path), { failOn: 'warning' }).stats()
  }
})

test('drawings open', async () => {
  const formats = []
  for (const { file } of originals(/\.(png|avif)$/)) formats.push((await sharp(file).metadata()).format)
  expect(formats).toEqual(['png', 'png', 'heif'])
})

test('every video is an MP4 with H.264 in it', async () => {
  const videos = originals(/\.(mp4|mov)$/i)
  expect(videos.length).toBeGreaterThan(8)
  for (const { file } of videos) {
    const content = await readFile(file)
    expect(boxes(content)).toEqual(expect.arrayContaining(['ftyp', 'mdat', 'moov', 'free']))
    expect(content.includes('avc1')).toBe(true)
  }
})

/** The types of an MP4's top-level boxes; throws where their lengths do not add up. */
function boxes(content: Buffer): string[] {
  const types = []
  let at = 0
  while (at < content.length) {
    types.push(content.toString('latin1', at + 4, at + 8))
    at += content.readUInt32BE(at)
  }
  expect(at).toBe(content.length)
  return types
}

test('a motion photo ends with the video that lies under encoded-video', async () => {
  const [pair] = await query<{ still: string; video: string }>(
    `SELECT still."originalPath" AS still, video."originalPath" AS video
     FROM asset still JOIN asset video ON video.id = still."livePhotoVideoId"
     WHERE video."originalPath" LIKE '%-MP.mp4'`,
  )
  const still = await readFile(pair?.still.replace('/data', library.root) ?? '')
  const video = await readFile(pair?.video.replace('/data', library.root) ?? '')
  expect(still.includes('GCamera:MotionPhoto="1"')).toBe(true)
  expect(still.subarray(-video.length).equals(video)).toBe(true)
})

describe('the tree holds', () => {
  // Without the root itself.
  const entries = () => tree.slice(1)
  const paths = () => entries().map((entry) => entry.path)
  const files = () => entries().filter((entry) => entry.type === 'file')

  test('six folders, each with its marker', () => {
    const folders = entries().filter(({ path, type }) => type === 'directory' && !path.includes('/'))
    const names = folders.map(({ path }) => path)
    expect(names).toEqual(['backups', 'encoded-video', 'library', 'profile', 'thumbs', 'upload'])
    expect(paths()).toEqual(expect.arrayContaining(names.map((name) => `${name}/.immich`)))
  })

  test('a name of 200 bytes, a line break, both forms of é, and bytes that are no text', () => {
    const names = paths().map((path) => path.slice(path.lastIndexOf('/') + 1))
    expect(names.map((name) => Buffer.byteLength(name))).toContain(200)
    expect(names).toEqual(
      expect.arrayContaining([
        'two\nlines.jpg',
        'Caf\u00e9.jpg',
        'Cafe\u0301.jpg',
        'IMG_2041+1.jpg',
        nameThatIsNoText,
      ]),
    )
  })

  test('one content under two paths, an empty file, an empty folder, and links', () => {
    const originals = files().filter(({ path, size }) => /^(library|upload)\//.test(path) && size > 1000)
    expect(new Set(originals.map(({ sha256 }) => sha256)).size).toBe(originals.length - 1)
    expect(files().filter(({ size }) => size === 0)).toHaveLength(1)
    const empty = entries().filter(
      ({ path, type }) => type === 'directory' && !paths().some((it) => it.startsWith(`${path}/`)),
    )
    expect(empty.map(({ path }) => path)).toEqual([expect.stringMatching(/^upload\/.*\/ff\/00$/)])
    expect(entries().filter(({ type }) => type === 'symlink')).toHaveLength(2)
  })

  test('modes that differ, and times of the past with fractions of a second', () => {
    const aged = entries()
    expect(new Set(aged.map(({ mode }) => mode)).size).toBeGreaterThan(5)
    expect(aged.every(({ mtime }) => mtime < BigInt(Date.now() - 1000) * 1_000_000n)).toBe(true)
    expect(aged.filter(({ mtime }) => mtime % 1_000_000_000n > 0n).length).toBeGreaterThan(aged.length / 2)
  })

  test('dumps of Immich that unpack', async () => {
    const dumps = paths().filter((path) => path.endsWith('.sql.gz'))
    expect(dumps).toHaveLength(3)
    for (const path of dumps) {
      expect(path).toMatch(/^backups\/immich-db-backup-\d{8}T\d{6}-v3\.1\.0-pg14\.19\.sql\.gz$/)
      expect(gunzipSync(await readFile(join(library.root, path))).toString()).toContain('dump complete')
    }
  })
})

test('the database dumps, and loads elsewhere with the same rows', async () => {
  const dump = join(folder, 'dump.sql')
  const copy = await postgres.createDatabase('copy')
  await exec(join(postgres.bin, 'pg_dump'), ['--clean', '--if-exists', '--file', dump, library.database])
  await exec(join(postgres.bin, 'psql'), [
    '--quiet',
    '--single-transaction',
    '-v',
    'ON_ERROR_STOP=1',
    '-f',
    dump,
    copy,
  ])
  const tables = await query<{ name: string }>(
    "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'",
  )
  const digest = tables.map(
    ({ name }) => `SELECT '${name}', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM ${name} t`,
  )
  const everything = digest.join(' UNION ALL ')
  expect(await query(everything, copy)).toEqual(await query(everything))
  expect(await findInconsistencies({ ...library, database: copy })).toEqual([])
})

test('a seed repeats the tree to the last bit and second; another gives another', async () => {
  const make = async (name: string, seed: number) => {
    const database = await postgres.createDatabase(name)
    const { root } = await createSampleLibrary({ root: join(folder, name), database, scale: 40, seed })
    // The root itself is made now, and so are the inodes.
    return (await describeTree(root)).slice(1)
  }
  const first = await make('first', 5)
  const again = await make('again', 5)
  const other = await make('other', 6)
  expect(compareTrees(first, again, { ignoring: ['ctime', 'inode'] })).toEqual([])
  expect(compareTrees(first, other).length).toBeGreaterThan(100)
})

test('files that are lost, cut short or altered are found', async () => {
  const database = await postgres.createDatabase('harmed')
  const harmed = await createSampleLibrary({ root: join(folder, 'harmed'), database, scale: 40 })
  const [lost = '', cut = '', altered = ''] = harmed.assets.map(({ path }) => path)
  await rm(join(harmed.root, lost))
  await truncate(join(harmed.root, cut), 100)
  const content = await readFile(join(harmed.root, altered))
  await writeFile(join(harmed.root, altered), content.fill(0, 500, 501))
  await rm(join(harmed.root, harmed.users.ada.profileImage))
  const found = await findInconsistencies(harmed)
  expect(found).toHaveLength(4)
  expect(found).toEqual(
    expect.arrayContaining([
      `/data/${lost}: missing`,
      expect.stringContaining(`/data/${cut}: 100 bytes, not `),
      expect.stringContaining(`/data/${altered}: its SHA-1 is not `),
      `/data/${harmed.users.ada.profileImage}: missing`,
    ]),
  )
})
