/* The smallest databases that are Immich's, in the shapes of three versions. */
import { createHash, randomUUID } from 'node:crypto'
import { Client } from 'pg'

export type Shape = '1.135.3' | '2.3.1' | '3.1.0'

interface Names {
  asset: string
  exif: string
  file: string
  user: string
  album: string
  albumAsset: string
  audit: string
  /** What paths begin with. */
  root: string
}

const plural: Names = {
  asset: 'assets',
  exif: 'exif',
  file: 'asset_files',
  user: 'users',
  album: 'albums',
  albumAsset: 'albums_assets_assets',
  audit: 'assets_audit',
  root: 'upload',
}
const singular: Names = {
  asset: 'asset',
  exif: 'asset_exif',
  file: 'asset_file',
  user: '"user"',
  album: 'album',
  albumAsset: 'album_asset',
  audit: 'asset_audit',
  root: '/data',
}

export const namesOf: Readonly<Record<Shape, Names>> = {
  '1.135.3': plural,
  '2.3.1': singular,
  '3.1.0': singular,
}

export interface SmallImmich {
  names: Names
  userId: string
  /** Relative to the media root, by what they are. */
  photo: { id: string; path: string; sha1: Buffer; size: number; sidecar: string; preview: string }
  video: { id: string; path: string; encoded: string }
  motionPart: { id: string; path: string }
  trashed: { id: string; path: string }
  external: { id: string; path: string }
  profile: string
  person: string
}

/** Runs statements on the database at `url`, one after another. */
export async function runOn(url: string, ...statements: [string, unknown[]?][]): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    for (const [text, values] of statements) await client.query(text, values)
  } finally {
    await client.end()
  }
}

/** Makes the tables of `shape` in an empty database, and fills them with five assets of one user. */
export async function createSmallImmich(url: string, shape: Shape): Promise<SmallImmich> {
  const names = namesOf[shape]
  const userId = randomUUID()
  const file = (folder: string, id: string, suffix: string) =>
    `${folder}/${userId}/${id.slice(0, 2)}/${id.slice(2, 4)}/${id}${suffix}`
  const ids = { photo: randomUUID(), video: randomUUID(), motion: randomUUID(), trashed: randomUUID() }
  const made: SmallImmich = {
    names,
    userId,
    photo: {
      id: ids.photo,
      path: `library/${userId}/2024/it’s a \t"photo".jpg`,
      sha1: sha1('photo'),
      size: 5_000_000_000,
      sidecar: `library/${userId}/2024/it’s a \t"photo".jpg.xmp`,
      preview: file('thumbs', ids.photo, '_preview.jpeg'),
    },
    video: {
      id: ids.video,
      path: file('upload', ids.video, '.mov'),
      encoded: file('encoded-video', ids.video, '.mp4'),
    },
    motionPart: { id: ids.motion, path: file('encoded-video', ids.motion, '-MP.mp4') },
    trashed: { id: ids.trashed, path: file('upload', ids.trashed, '.jpg') },
    external: { id: randomUUID(), path: '/mnt/nas/photos/old.jpg' },
    profile: `profile/${userId}/${randomUUID()}.jpg`,
    person: file('thumbs', randomUUID(), '.jpeg'),
  }
  await runOn(url, ...tables(names, shape), ...rows(made, shape))
  return made
}

function sha1(text: string): Buffer {
  return createHash('sha1').update(text).digest()
}

/** Those of Immich's that come with Postgres itself. */
const extensions = ['cube', 'earthdistance', 'pg_trgm', 'unaccent', 'uuid-ossp']

function tables(names: Names, shape: Shape): [string][] {
  const asset = [
    'id uuid PRIMARY KEY DEFAULT gen_random_uuid()',
    '"originalPath" text NOT NULL',
    'checksum bytea NOT NULL',
    '"isOffline" boolean NOT NULL DEFAULT false',
    '"isExternal" boolean NOT NULL DEFAULT false',
    '"deletedAt" timestamptz',
    shape === '3.1.0'
      ? `"checksumAlgorithm" text NOT NULL DEFAULT 'sha1'`
      : `"sidecarPath" text, "encodedVideoPath" text DEFAULT ''`,
  ]
  return [
    ...extensions.map((name): [string] => [`CREATE EXTENSION IF NOT EXISTS "${name}"`]),
    [`CREATE TABLE ${names.user} (id uuid PRIMARY KEY, "profileImagePath" text NOT NULL DEFAULT '')`],
    [`CREATE TABLE ${names.asset} (${asset.join(', ')})`],
    [`CREATE TABLE ${names.exif} ("assetId" uuid REFERENCES ${names.asset}, "fileSizeInByte" bigint)`],
    [`CREATE TABLE ${names.file} ("assetId" uuid REFERENCES ${names.asset}, type text, path text)`],
    [`CREATE TABLE ${names.audit} (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "assetId" uuid)`],
    [`CREATE TABLE ${names.album} (id uuid PRIMARY KEY, "albumName" text)`],
    [`CREATE TABLE ${names.albumAsset} ("albumId" uuid REFERENCES ${names.album}, "assetId" uuid)`],
    [`CREATE TABLE person (id uuid PRIMARY KEY, "thumbnailPath" text NOT NULL DEFAULT '')`],
    [`CREATE TABLE system_metadata (key text PRIMARY KEY, value jsonb NOT NULL)`],
    [
      `CREATE TABLE version_history (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        "createdAt" timestamptz NOT NULL DEFAULT now(), version text NOT NULL)`,
    ],
  ]
}

function rows(made: SmallImmich, shape: Shape): [string, unknown[]][] {
  const { names, photo, video, motionPart, trashed, external } = made
  const inLibrary = (path: string) => `${names.root}/${path}`
  const insertAsset = `INSERT INTO ${names.asset} (id, "originalPath", checksum) VALUES ($1, $2, $3)`
  const addFile = (assetId: string, type: string, path: string): [string, unknown[]] => [
    `INSERT INTO ${names.file} VALUES ($1, $2, $3)`,
    [assetId, type, inLibrary(path)],
  ]
  const moved: [string, unknown[]][] =
    shape === '3.1.0'
      ? [
          addFile(photo.id, 'sidecar', photo.sidecar),
          addFile(video.id, 'encoded_video', video.encoded),
          [`UPDATE asset SET "checksumAlgorithm" = 'sha1-path' WHERE "isExternal"`, []],
        ]
      : [
          [
            `UPDATE ${names.asset} SET "sidecarPath" = $1 WHERE id = $2`,
            [inLibrary(photo.sidecar), photo.id],
          ],
          [
            `UPDATE ${names.asset} SET "encodedVideoPath" = $1 WHERE id = $2`,
            [inLibrary(video.encoded), video.id],
          ],
        ]
  const located: [string, unknown[]][] =
    shape === '1.135.3'
      ? []
      : [[`INSERT INTO system_metadata VALUES ('MediaLocation', $1)`, [{ location: names.root }]]]
  return [
    [`INSERT INTO ${names.user} VALUES ($1, $2)`, [made.userId, inLibrary(made.profile)]],
    [insertAsset, [photo.id, inLibrary(photo.path), photo.sha1]],
    [insertAsset, [video.id, inLibrary(video.path), sha1('video')]],
    [insertAsset, [motionPart.id, inLibrary(motionPart.path), sha1('motion')]],
    [insertAsset, [trashed.id, inLibrary(trashed.path), sha1('trashed')]],
    [insertAsset, [external.id, external.path, sha1(`path:${external.path}`)]],
    [`UPDATE ${names.asset} SET "isExternal" = true, "isOffline" = true WHERE id = $1`, [external.id]],
    [`UPDATE ${names.asset} SET "deletedAt" = now() WHERE id = $1`, [trashed.id]],
    [`INSERT INTO ${names.exif} VALUES ($1, $2)`, [photo.id, photo.size]],
    addFile(photo.id, 'preview', photo.preview),
    ...moved,
    [`INSERT INTO ${names.audit} ("assetId") VALUES ($1)`, [video.id]],
    [`INSERT INTO ${names.album} VALUES ($1, 'Holidays\nand more')`, [photo.id]],
    [`INSERT INTO ${names.albumAsset} VALUES ($1, $1)`, [photo.id]],
    ['INSERT INTO person VALUES ($1, $2)', [photo.id, inLibrary(made.person)]],
    ...located,
    [`INSERT INTO version_history (version, "createdAt") VALUES ('1.100.0', now() - interval '1 year')`, []],
    ['INSERT INTO version_history (version) VALUES ($1)', [shape]],
  ]
}
