/*
 * Where the database believes the library to be. Its paths begin with that; ours begin with the mount that we see, so
 * paths are compared relative to the media root.
 */
import type { ImmichSchema } from './schema.ts'
import type { Queryable } from './session.ts'

export interface LibraryPath {
  /** Relative to the media root; as the database has it when it lies outside. */
  path: string
  outside: boolean
}

/**
 * The media root that the database's paths begin with: `/data`, `/usr/src/app/upload`, or `upload` before 1.136. It is
 * what Immich recorded, or else what most paths say. Undefined when there is no path to learn from.
 */
export async function readMediaRoot(db: Queryable, schema: ImmichSchema): Promise<string | undefined> {
  return (await recordedRoot(db, schema)) ?? inferredRoot(db, schema)
}

async function recordedRoot(db: Queryable, schema: ImmichSchema): Promise<string | undefined> {
  if (schema.tables.systemMetadata === undefined) return undefined
  const [row] = await db.query<{ location: string | null }>(
    `SELECT value::jsonb ->> 'location' AS location FROM ${schema.tables.systemMetadata} WHERE key = 'MediaLocation'`,
  )
  return row?.location ?? undefined
}

/** Samples some thousand paths whose form shows where Immich's own folders begin; external libraries are not asked. */
async function inferredRoot(db: Queryable, { tables }: ImmichSchema): Promise<string | undefined> {
  const own = `SELECT "originalPath" AS path FROM ${tables.asset} WHERE NOT "isExternal" LIMIT 2000`
  const derived = tables.assetFile && `SELECT path FROM ${tables.assetFile} LIMIT 2000`
  const sample = [own, derived].filter(Boolean).map((part) => `(${part})`)
  const [row] = await db.query<{ root: string }>(
    `SELECT root FROM (
       SELECT coalesce(substring(path FROM $1), substring(path FROM $2)) AS root
       FROM (${sample.join(' UNION ALL ')}) AS sample
     ) AS roots WHERE root IS NOT NULL GROUP BY root ORDER BY count(*) DESC LIMIT 1`,
    [hashedFolders, templateFolder],
  )
  return row?.root
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
/** `<root>/upload/<user>/ab/cd/<file>`: certain, as nothing else looks so. */
const hashedFolders = `^(.*)/(?:upload|thumbs|encoded-video)/${uuid}/[0-9a-f]{2}/[0-9a-f]{2}/[^/]+$`
/** `<root>/library/<label>/<template>`: the first folder of that name, as a template may make more of them. */
const templateFolder = '^(.*?)/library/'

/** Where a path of the database lies in the library. */
export function libraryPath(mediaRoot: string | undefined, path: string): LibraryPath {
  const prefix = mediaRoot === undefined ? undefined : `${mediaRoot.replace(/\/+$/, '')}/`
  if (prefix === undefined || !path.startsWith(prefix)) return { path, outside: true }
  return { path: path.slice(prefix.length), outside: false }
}
