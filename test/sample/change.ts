import { hash } from 'node:crypto'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { Client } from 'pg'
import sharp from 'sharp'
import { pathFromBytes } from '../../src/shared/bytePath.ts'
import { Random } from '../support/random.ts'
import { assetRows } from './assetRows.ts'
import { AssetMaker } from './assets.ts'
import type { SampleLibrary } from './library.ts'
import { encodeMedia } from './media.ts'
import { sidecarPath } from './paths.ts'
import { someMoment, uploaded } from './plan.ts'
import { insertRows } from './rows.ts'
import { sidecarText } from './sidecar.ts'
import { writeAsset } from './write.ts'

/** What was done to a library's originals and sidecars. All paths are relative to the media root. */
export interface SampleChanges {
  added: string[]
  /** Other content; a file may have been moved as well, and then this is its new path. */
  edited: string[]
  moved: { from: string; to: string }[]
  deleted: string[]
}

interface Change {
  library: SampleLibrary
  client: Client
  random: Random
}

/**
 * Lives on with a sample library, files and database alike: new uploads, edited sidecars and pictures, the day's folder
 * with the most pictures under another name, and deletions for good. May be called again, with another seed.
 */
export async function changeSampleLibrary(library: SampleLibrary, seed = 2): Promise<SampleChanges> {
  const client = new Client(library.database)
  await client.connect()
  try {
    const change = { library, client, random: new Random(seed) }
    const deleted = await deleteAssets(change)
    const moved = await moveFolder(change)
    const edited = [...(await editSidecars(change)), ...(await editPictures(change))]
    const added = await addAssets(change, seed)
    return { added, edited, moved, deleted }
  } finally {
    await client.end()
  }
}

async function addAssets({ library, client, random }: Change, seed: number): Promise<string[]> {
  const { ada, ben } = library.users
  const media = await encodeMedia(seed)
  const make = new AssetMaker(random, media)
  const today = new Date('2026-08-01T12:30:00.250Z')
  const withSidecar = make.photo(ada, today, `edited ${seed}.jpg`)
  const planned = [
    make.photo(ada, today, `new ${seed}.jpg`),
    { ...withSidecar, sidecar: sidecarPath(withSidecar.path) },
    make.video(ada, today, `new ${seed}.mp4`),
    uploaded(random, make.photo(ben, today, `also new ${seed}.jpg`)),
    ...make.livePhoto(ben, today, `IMG_${seed}`),
  ]
  const assets = []
  for (const asset of planned) assets.push(await writeAsset(library, media, asset))
  await insertRows(client, assetRows(assets, library, null))
  return assets.flatMap(({ path, sidecar }) => (sidecar === undefined ? [path] : [path, sidecar]))
}

/** As photo programs do: a new file takes the old one's place. */
async function editSidecars({ library, client, random }: Change): Promise<string[]> {
  const sidecars = await client.query<{ assetId: string; path: string }>(
    `SELECT "assetId", path FROM asset_file WHERE type = 'sidecar' ORDER BY path`,
  )
  const edited: string[] = []
  for (const { assetId, path } of random.sample(sidecars.rows, 3)) {
    await replace(onDisk(library, path), Buffer.from(sidecarText(someMoment(random), 5)))
    await client.query('UPDATE asset_exif SET rating = 5 WHERE "assetId" = $1', [assetId])
    edited.push(inRoot(library, path))
  }
  return edited
}

/** Still pictures that are no part of a pair, in Immich's own folders. */
const plainPictures = `"livePhotoVideoId" IS NULL AND type = 'IMAGE' AND NOT "isExternal"`

async function editPictures({ library, client, random }: Change): Promise<string[]> {
  const pictures = await client.query<{ id: string; path: string }>(
    `SELECT id, "originalPath" AS path FROM asset
     WHERE ${plainPictures} AND status = 'active' AND "originalPath" ILIKE '%.jpg' ORDER BY path`,
  )
  const edited: string[] = []
  for (const { id, path } of random.sample(pictures.rows, 2)) {
    const file = onDisk(library, path)
    const brighter = sharp(await readFile(file))
      .modulate({ brightness: 1.2 })
      .keepMetadata()
    const content = await brighter.jpeg().toBuffer()
    await replace(file, content)
    await client.query('UPDATE asset SET checksum = $2 WHERE id = $1', [id, hash('sha1', content, 'buffer')])
    await client.query('UPDATE asset_exif SET "fileSizeInByte" = $2 WHERE "assetId" = $1', [
      id,
      content.length,
    ])
    edited.push(inRoot(library, path))
  }
  return edited
}

/** As when the storage template changes: other paths, the same files. */
async function moveFolder({ library, client }: Change): Promise<SampleChanges['moved']> {
  const fullest = await client.query<{ folder: string }>(
    `SELECT regexp_replace("originalPath", '/[^/]*$', '') AS folder FROM asset
     WHERE starts_with("originalPath", $1) GROUP BY folder ORDER BY count(*) DESC, folder LIMIT 1`,
    [join(library.mediaLocation, 'library/')],
  )
  const [{ folder: from } = { folder: '' }] = fullest.rows
  const to = `${from} – moved`
  await rename(onDisk(library, from), onDisk(library, to))
  for (const [table, column] of [
    ['asset', '"originalPath"'],
    ['asset_file', 'path'],
  ]) {
    const renamed = `$2 || substr(${column}, length($1) + 1)`
    await client.query(`UPDATE ${table} SET ${column} = ${renamed} WHERE starts_with(${column}, $1 || '/')`, [
      from,
      to,
    ])
  }
  const names = await readdir(onDisk(library, to), { encoding: 'buffer' })
  return names
    .map(pathFromBytes)
    .map((name) => ({ from: inRoot(library, join(from, name)), to: inRoot(library, join(to, name)) }))
}

/** For good: the files go, and Immich remembers the rows in `asset_audit`. The trash is emptied as well. */
async function deleteAssets({ library, client, random }: Change): Promise<string[]> {
  const trash = await client.query<{ id: string }>(`SELECT id FROM asset WHERE status = 'trashed'`)
  const pictures = await client.query<{ id: string }>(
    `SELECT id FROM asset WHERE ${plainPictures} AND status = 'active' ORDER BY "originalPath"`,
  )
  const ids = [...trash.rows, ...random.sample(pictures.rows, 3)].map(({ id }) => id)
  const files = await client.query<{ path: string; derived: boolean }>(
    `SELECT "originalPath" AS path, false AS derived FROM asset WHERE id = ANY ($1)
     UNION ALL SELECT path, type <> 'sidecar' FROM asset_file WHERE "assetId" = ANY ($1)`,
    [ids],
  )
  for (const { path } of files.rows) await rm(onDisk(library, path))
  await client.query('DELETE FROM asset WHERE id = ANY ($1)', [ids])
  return files.rows.filter(({ derived }) => !derived).map(({ path }) => inRoot(library, path))
}

async function replace(file: string, content: Buffer): Promise<void> {
  await writeFile(`${file}~`, content, { flag: 'wx' })
  await rename(`${file}~`, file)
}

/** From a path in the database to the path relative to the media root. */
function inRoot({ mediaLocation }: SampleLibrary, path: string): string {
  return relative(mediaLocation, path)
}

/** From a path in the database to the file. */
function onDisk(library: SampleLibrary, path: string): string {
  return join(library.root, inRoot(library, path))
}
