/*
 * Immich renames tables and moves columns between versions, so nothing of its schema is assumed: what is there is
 * looked up, and the queries are made of that.
 */
import { UserError } from '../shared/errors.ts'
import type { Queryable } from './session.ts'

/** The names that each table has had, the newest first. */
const tableNames = {
  asset: ['asset', 'assets'],
  exif: ['asset_exif', 'exif'],
  assetFile: ['asset_file', 'asset_files'],
  assetDeletion: ['asset_audit', 'assets_audit'],
  album: ['album', 'albums'],
  albumAsset: ['album_asset', 'albums_assets_assets'],
  user: ['user', 'users'],
  person: ['person'],
  systemMetadata: ['system_metadata'],
  versionHistory: ['version_history'],
} as const

type TableRole = keyof typeof tableNames

/** Without these there is nothing to hold the files against. */
const neededAssetColumns = ['id', 'originalPath', 'checksum', 'isOffline', 'isExternal', 'deletedAt']

export interface ImmichSchema {
  /** Tables by what they are for, as SQL (`public."user"`); pg_dump writes them in the same way. */
  readonly tables: Readonly<Partial<Record<TableRole, string>> & { asset: string; user: string }>
  /** The columns of the asset table: several of them exist in some versions only. */
  readonly assetColumns: ReadonlySet<string>
}

interface TableRow {
  name: string
  identifier: string
  columns: string[]
}

/**
 * Finds Immich's tables.
 * @throws UserError when this is not an Immich database, or one of a version too old to be read.
 */
export async function readSchema(db: Queryable): Promise<ImmichSchema> {
  const found = new Map<string, TableRow>()
  for (const row of await db.query<TableRow>(tablesQuery, [Object.values(tableNames).flat()])) {
    found.set(row.name, row)
  }
  const table = (role: TableRole) => tableNames[role].map((name) => found.get(name)).find(Boolean)
  const asset = table('asset')
  const user = table('user')
  if (asset === undefined || user === undefined) {
    throw new UserError('this is not an Immich database: it has no table of assets or no table of users', {
      hint: 'Check the database’s name. Immich’s own default is "immich"; on a new server the tables appear at its first start.',
    })
  }
  const missing = neededAssetColumns.filter((column) => !asset.columns.includes(column))
  if (missing.length > 0) {
    throw new UserError(
      `this Immich database cannot be read: ${asset.identifier} has no column ${missing.map((name) => `"${name}"`).join(', ')}`,
      { hint: 'Databases of Immich 1.135 and later are known to work.' },
    )
  }
  const roles = Object.keys(tableNames) as TableRole[]
  const tables = roles.flatMap((role) => {
    const identifier = table(role)?.identifier
    return identifier === undefined ? [] : [[role, identifier] as const]
  })
  return {
    tables: { ...Object.fromEntries(tables), asset: asset.identifier, user: user.identifier },
    assetColumns: new Set(asset.columns),
  }
}

/**
 * Asked of the catalog itself: information_schema hides what the user may not read, and Immich's database would then
 * look like a foreign one instead of a forbidden one. Immich keeps all its tables in schema public.
 */
const tablesQuery = `
  SELECT c.relname::text AS name, format('%I.%I', n.nspname, c.relname) AS identifier,
    array_agg(a.attname::text) AS columns
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname = ANY($1)
  GROUP BY n.nspname, c.relname`
