import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { errorCode, errorMessage, UserError } from '../shared/errors.ts'
import { ChildProcess } from './childProcess.ts'
import { type ImmichCounts, readCounts } from './counts.ts'
import { checkRows, DumpInspector } from './dumpInspector.ts'
import { keepAlive, libpqEnvironment } from './libpq.ts'
import { knowsRestrict, restrictedScript } from './restrictedScript.ts'
import { readSchema } from './schema.ts'
import { connect } from './session.ts'
import { type DatabaseSettings, describeDatabase } from './settings.ts'
import { findPsql, type InstalledTool } from './tools.ts'
import { through } from './zlibThrough.ts'

export interface LoadOptions {
  /** The database to load into; it must be there. */
  settings: DatabaseSettings
  /** A gzip file with the plain SQL of one pg_dump. */
  gzip: AsyncIterable<Uint8Array>
  /** Replace what is in the database, and end every other connection to it, as Immich's own restore does. */
  overwrite: boolean
  signal: AbortSignal
}

/**
 * Loads a dump into a database, whole or not at all: a dump that is cut short, an error, an abort, even the end of
 * this process leave the database as it was.
 * @returns what Immich will find there; every row of the dump was counted in the database.
 * @throws UserError when the database isn't empty, or with psql's own words; IncompleteDumpError; the signal's reason.
 */
export async function loadDump(options: LoadOptions): Promise<ImmichCounts> {
  if (!options.overwrite) await refuseUnlessEmpty(options)
  const inspector = new DumpInspector()
  await runPsql(options, inspector)
  await using session = await connect(options.settings, options.signal)
  const counts = await readCounts(session, await readSchema(session))
  checkRows(inspector.finish(), counts.tableRows)
  return counts
}

async function refuseUnlessEmpty({ settings, signal }: LoadOptions): Promise<void> {
  await using session = await connect(settings, signal)
  const [found] = await session.query<{ name: string }>(ownTables)
  if (found === undefined) return
  throw new UserError(`${describeDatabase(settings)} is not empty: it has the table ${found.name}`, {
    hint: 'Name an empty database, or ask for it to be overwritten.',
  })
}

/** One table that neither the system nor an extension brought. */
const ownTables = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  LIMIT 1`

async function runPsql(options: LoadOptions, inspector: DumpInspector): Promise<void> {
  const { settings, signal } = options
  const tool = await findPsql()
  if (!knowsRestrict(tool)) throw tooTrusting(tool)
  const folder = await mkdtemp(join(tmpdir(), 'safelight-load-'))
  let psql: ChildProcess | undefined
  try {
    psql = new ChildProcess(tool.path, psqlArguments, await libpqEnvironment(settings, folder), signal)
    psql.stdout.resume()
    await pipeline(restrictedScript(transaction(options, inspector, tool)), psql.stdin)
    await psql.succeeded()
  } catch (error) {
    signal.throwIfAborted()
    // psql closed the pipe because it ended: why is what the reader wants to know.
    const pipeBroke = ['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(errorCode(error) ?? '')
    const reason = pipeBroke ? await psql?.succeeded().catch((failure: unknown) => failure) : undefined
    throw withHint(reason ?? error)
  } finally {
    await psql?.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

const psqlArguments = [
  '--no-psqlrc',
  '--quiet',
  '--no-password',
  '--set=ON_ERROR_STOP=on',
  '--output=/dev/null',
  '--file=-',
  `--dbname=${keepAlive}`,
]

/**
 * What psql is told. The transaction is written out, because `--single-transaction` commits at the end of the input,
 * also when that is the end of a pipe whose writer died.
 */
async function* transaction(
  { gzip, overwrite }: LoadOptions,
  inspector: DumpInspector,
  psql: InstalledTool,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from('BEGIN;\n')
  if (overwrite) yield Buffer.from(emptyDatabase)
  for await (const chunk of through(gzip, createGunzip({ chunkSize: 256 * 1024 }))) {
    inspector.push(chunk)
    if (psql.major < (inspector.pgDumpMajor ?? 0)) throw tooOld(psql, inspector.pgDumpMajor)
    yield chunk
  }
  inspector.finish()
  yield Buffer.from('COMMIT;\n')
}

/** As Immich's own restore begins; owner of the new schema is who makes it. */
const emptyDatabase = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';
  DROP SCHEMA IF EXISTS public CASCADE;
  CREATE SCHEMA public;
  GRANT ALL ON SCHEMA public TO public;
`

/** What psql's words mean for whoever prepares the server. */
function withHint(error: unknown): unknown {
  const message = errorMessage(error)
  const role = /role "(.+)" does not exist/.exec(message)?.[1]
  const extension = /extension "(.+)" is not available|\/([^/]+)\.control"/
    .exec(message)
    ?.slice(1)
    .find(Boolean)
  const hint =
    role !== undefined
      ? `The tables belong to the user "${role}": create it on this server first.`
      : extension !== undefined
        ? `Install the extension ${extension} on this server first; Immich’s own database image has it.`
        : undefined
  return hint === undefined ? error : new UserError(message, { hint, cause: error })
}

function tooOld(psql: InstalledTool, needed: number | undefined): UserError {
  return new UserError(`psql ${psql.major} cannot load a dump of pg_dump ${needed}`, {
    hint: `Install the Debian package postgresql-client-${needed}.`,
  })
}

function tooTrusting({ major, minor }: InstalledTool): UserError {
  return new UserError(
    `psql ${major}.${minor} would also run shell commands that somebody wrote into a dump`,
    {
      hint: `Update the Debian package postgresql-client-${major}; since August 2025 psql can refuse them.`,
    },
  )
}
