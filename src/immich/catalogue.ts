/* What Immich's database says about files: which there should be, and what their content is. */
import { readBatches } from './cursor.ts'
import { type LibraryPath, libraryPath } from './mediaRoot.ts'
import type { ImmichSchema } from './schema.ts'
import type { Queryable } from './session.ts'

export type FileKind =
  | 'original'
  | 'sidecar'
  | 'encoded_video'
  | 'preview'
  | 'thumbnail'
  | 'fullsize'
  | 'profile'
  | 'person'
  /** Of a type that a later Immich added. */
  | 'other'

/** One file that a row of the database names. */
export interface CatalogueEntry extends LibraryPath {
  kind: FileKind
  /** Of the asset; of the user for `profile`, of the person for `person`. */
  id: string
  /** False for what Immich can make again from the originals: everything in `thumbs` and `encoded-video`. */
  required: boolean
  /** In Immich's trash; it stays on disk until that is emptied. */
  trashed: boolean
  /** Immich itself found the file missing. */
  offline: boolean
  /** Of an external library, which lies outside the media root. */
  external: boolean
  /** SHA-1 of the content, 20 bytes; of originals only, and not where Immich hashed the path instead. */
  sha1?: Buffer
  /** Length in bytes as Immich read it; of originals only. */
  size?: number
}

const batchRows = 1000

/**
 * Every file that the database names, in no particular order. Needs an open transaction; memory is bounded.
 * @param mediaRoot as the database knows it.
 */
export async function* readCatalogue(
  db: Queryable,
  schema: ImmichSchema,
  mediaRoot: string | undefined,
): AsyncGenerator<CatalogueEntry, void, undefined> {
  for (const batches of [
    readAssets(db, schema, mediaRoot),
    readAssetFiles(db, schema, mediaRoot),
    readPictures(db, 'profile', schema.tables.user, '"profileImagePath"', mediaRoot),
    readPictures(db, 'person', schema.tables.person, '"thumbnailPath"', mediaRoot),
  ]) {
    // Whole batches up to here: an asynchronous step for each entry, once, is dear enough at a million assets.
    for await (const batch of batches) for (const entry of batch) yield entry
  }
}

type Batches = AsyncGenerator<CatalogueEntry[], void, undefined>

interface AssetState {
  id: string
  trashed: boolean
  offline: boolean
  external: boolean
}

const assetState = `a.id, a."deletedAt" IS NOT NULL AS trashed, a."isOffline" AS offline, a."isExternal" AS external`

interface AssetRow extends AssetState {
  path: string
  checksum: Buffer
  content_hash: boolean
  size: string | null
  sidecar: string | null
  encoded: string | null
}

async function* readAssets(db: Queryable, schema: ImmichSchema, mediaRoot: string | undefined): Batches {
  for await (const rows of readBatches<AssetRow>(db, assetsQuery(schema), batchRows)) {
    yield rows.flatMap((row) => assetEntries(row, mediaRoot))
  }
}

function assetEntries(row: AssetRow, mediaRoot: string | undefined): CatalogueEntry[] {
  const original = entryFor('original', row, row.path, mediaRoot)
  if (row.content_hash) original.sha1 = row.checksum
  if (row.size !== null) original.size = Number(row.size)
  const entries = [original]
  if (row.sidecar) entries.push(entryFor('sidecar', row, row.sidecar, mediaRoot))
  if (row.encoded) entries.push(entryFor('encoded_video', row, row.encoded, mediaRoot))
  return entries
}

function assetsQuery({ tables, assetColumns }: ImmichSchema): string {
  // Before checksumAlgorithm came, it was external assets that carried a hash of their path.
  const contentHash = assetColumns.has('checksumAlgorithm')
    ? `a."checksumAlgorithm"::text = 'sha1'`
    : 'NOT a."isExternal"'
  const column = (name: string) => (assetColumns.has(name) ? `a."${name}"` : 'NULL')
  const size = tables.exif === undefined ? 'NULL' : 'e."fileSizeInByte"'
  const exif = tables.exif === undefined ? '' : `LEFT JOIN ${tables.exif} e ON e."assetId" = a.id`
  return `
    SELECT ${assetState}, a."originalPath" AS path, a.checksum, ${contentHash} AS content_hash, ${size} AS size,
      ${column('sidecarPath')} AS sidecar, ${column('encodedVideoPath')} AS encoded
    FROM ${tables.asset} a ${exif}`
}

async function* readAssetFiles(
  db: Queryable,
  { tables }: ImmichSchema,
  mediaRoot: string | undefined,
): Batches {
  if (tables.assetFile === undefined) return
  const select = `
    SELECT ${assetState}, f.path, f.type::text AS type
    FROM ${tables.assetFile} f JOIN ${tables.asset} a ON a.id = f."assetId"`
  type FileRow = AssetState & { path: string; type: string }
  for await (const rows of readBatches<FileRow>(db, select, batchRows)) {
    yield rows.map((row) => entryFor(fileKinds.get(row.type) ?? 'other', row, row.path, mediaRoot))
  }
}

const fileKinds: ReadonlyMap<string, FileKind> = new Map(
  (['sidecar', 'encoded_video', 'preview', 'thumbnail', 'fullsize'] as const).map((kind) => [kind, kind]),
)

async function* readPictures(
  db: Queryable,
  kind: FileKind,
  table: string | undefined,
  column: string,
  mediaRoot: string | undefined,
): Batches {
  if (table === undefined) return
  const select = `SELECT id, ${column} AS path FROM ${table} WHERE ${column} <> ''`
  for await (const rows of readBatches<{ id: string; path: string }>(db, select, batchRows)) {
    yield rows.map(({ id, path }) => entryFor(kind, { id, ...noAsset }, path, mediaRoot))
  }
}

const noAsset = { trashed: false, offline: false, external: false }

function entryFor(
  kind: FileKind,
  { id, trashed, offline, external }: AssetState,
  path: string,
  mediaRoot: string | undefined,
): CatalogueEntry {
  const place = libraryPath(mediaRoot, path)
  // By folder, not by kind: the original of a motion part (`*-MP.mp4`) lies in encoded-video, and Immich extracts it
  // again from the still picture.
  const required = place.outside || !/^(?:thumbs|encoded-video)\//.test(place.path)
  return { kind, id, ...place, required, trashed, offline, external }
}
