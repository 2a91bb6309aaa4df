import type { Config } from '../../config/config.ts'
import { databaseSettings } from '../../config/database.ts'
import { readCatalogue } from '../../immich/catalogue.ts'
import { readMediaRoot } from '../../immich/mediaRoot.ts'
import { unreadableRelations } from '../../immich/rights.ts'
import { readSchema, type ImmichSchema } from '../../immich/schema.ts'
import type { Queryable } from '../../immich/session.ts'
import { describeDatabase, type DatabaseSettings } from '../../immich/settings.ts'
import { openDatabaseSnapshot } from '../../immich/snapshot.ts'
import { findPgDump } from '../../immich/tools.ts'
import { chooseImmichVersion, readImmichVersion, readPostgresVersion } from '../../immich/versions.ts'
import { compareClocks } from '../../storage/probe/clock.ts'
import type { Finding } from '../../storage/probe/finding.ts'
import { checkNamedFiles } from './namedFiles.ts'

/** So many tables are named. */
const namedTables = 3

/** Whether the database can be dumped: reached, Immich's, readable, and with a pg_dump that fits. */
export async function* checkDatabase(
  config: Pick<Config, 'database' | 'immichServer' | 'immichVersion' | 'library'>,
  { now, signal }: { now: () => Date; signal: AbortSignal },
): AsyncGenerator<Finding> {
  const { database } = config
  if (database === undefined) return
  if (database === false) {
    yield notWanted
    return
  }
  const settings = databaseSettings(database)
  // As a backup begins: whoever may open such a transaction may dump in it.
  await using snapshot = await openDatabaseSnapshot(settings, signal)
  const { session } = snapshot
  const schema = await readSchema(session)
  const postgres = await readPostgresVersion(session)
  yield {
    what: 'database',
    result: 'good',
    detail: `PostgreSQL ${postgres.version}, ${describeDatabase(settings)}`,
  }
  const rights = await rightsIn(session, settings)
  yield rights
  if (rights.result === 'good') yield* contents(session, schema, config, signal)
  const clock = await compareClocks(async () => await timeOf(session), { now, whose: "the database's" })
  yield { what: 'clock', ...clock }
  yield { what: 'pg_dump', result: 'good', detail: await findPgDump(postgres.major) }
}

/** What a backup reads of it. */
async function* contents(
  db: Queryable,
  schema: ImmichSchema,
  { immichServer, immichVersion, library }: Parameters<typeof checkDatabase>[0],
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const database = await readImmichVersion(db, schema)
  const sources = { database, serverUrl: immichServer, configured: immichVersion }
  const { version, source } = await chooseImmichVersion(sources, signal)
  yield { what: 'Immich', result: 'good', detail: `version ${version}, by its ${source}` }
  if (library === undefined) return
  const catalogue = readCatalogue(db, schema, await readMediaRoot(db, schema))
  const verdict = await checkNamedFiles(library, catalogue)
  if (verdict) yield { what: 'named files', ...verdict }
}

const notWanted: Finding = {
  what: 'database',
  result: 'weak',
  detail: 'none is backed up, as configured',
  remedy: 'Albums, people and users are in the database alone. Say how to reach it under `database`.',
}

async function rightsIn(db: Queryable, { user }: DatabaseSettings): Promise<Finding> {
  const what = 'database rights'
  const hidden = await unreadableRelations(db)
  if (hidden.length === 0) return { what, result: 'good', detail: `${user} may read all of it` }
  const more = hidden.length > namedTables ? ` and ${hidden.length - namedTables} more` : ''
  return {
    what,
    result: 'bad',
    detail: `${user} may not read ${hidden.slice(0, namedTables).join(', ')}${more}`,
    remedy: `As its owner or a superuser: GRANT pg_read_all_data TO "${user}". Nothing more is needed.`,
  }
}

async function timeOf(db: Queryable): Promise<Date> {
  const [row] = await db.query<{ time: Date }>('SELECT clock_timestamp() AS time')
  if (row === undefined) throw new Error('the server told no time')
  return row.time
}
