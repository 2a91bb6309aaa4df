import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { escapeIdentifier } from 'pg'
import { formatBytes, formatNumberOf } from '../../src/shared/format.ts'
import { parseDatabaseUrl } from '../../src/immich/databaseUrl.ts'
import { connect } from '../../src/immich/session.ts'
import { describeDatabase as nameOf } from '../../src/immich/settings.ts'
import { errorMessage, UserError } from '../../src/shared/errors.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { type Check, databaseCheck, filesCheck, libraryCheck, vaultCheck } from './checks.ts'
import { compareDatabases, countRows, describeDatabase } from './databases.ts'
import { compareRestored, describeIncluded, includedBytes, Watch } from './folders.ts'
import type { OwnImmich } from './options.ts'
import { Program } from './program.ts'
import type { DemoEnd } from './sampleDemo.ts'
import type { Backup } from './results.ts'
import { screen } from './screen.ts'
import { backUp, restoreDatabase, restoreTo, setUp, verifyAll } from './steps.ts'

/** The reader's own Immich goes into a vault and comes back. Neither its library nor its database is changed. */
export async function runOwnDemo(
  folder: string,
  { library, databaseUrl }: OwnImmich,
  signal: AbortSignal,
): Promise<DemoEnd> {
  screen.section('Your Immich')
  screen.outcome(`library ${library}`)
  screen.outcome(nameOf(parseDatabaseUrl(databaseUrl)))
  await requireSpace(folder, library)
  const started = performance.now()
  const watch = new Watch(library)
  await watch.start()
  const before = await describeDatabase(databaseUrl, signal)
  screen.outcome(
    `${formatNumberOf(watch.entries.length, 'path')} and ${formatNumberOf(countRows(before), 'row')} looked at, to see that they stay`,
    performance.now() - started,
  )

  const vault = new Watch(join(folder, 'vault'), { growing: true })
  const env: Record<string, string> = { DB_URL: databaseUrl }
  const program = new Program({ folder, env, signal, watches: [watch, vault] })

  screen.section('Set up')
  await setUp(program, folder, { library, ignore: [], database: { url: 'env:DB_URL' } })

  screen.section('Back up')
  await backUp(program)
  const second = await backUp(program)

  screen.section('Verify')
  await verifyAll(program)

  screen.section('Restore')
  await restoreTo(program, 'restored')
  const database = await restoreOwnDatabase(program, databaseUrl, env, signal)

  const original = await describeIncluded(library)
  const restored = await describeIncluded(join(folder, 'restored'))
  const checks: Check[] = [
    libraryCheck([watch], program.commands),
    {
      name: 'database',
      outcome: `untouched: ${formatNumberOf(before.tables.size, 'table')}, ${formatNumberOf(countRows(before), 'row')}`,
      differences: compareDatabases(before, await describeDatabase(databaseUrl, signal)),
    },
    vaultCheck(vault),
    {
      name: 'second backup',
      outcome: 'stored no content: nothing had changed',
      differences: newContents(second),
    },
    filesCheck(restored, compareRestored(original, restored, second.changes.deferred)),
    ...(database ? [databaseCheck(before, database)] : []),
  ]
  if (checks.some(({ differences }) => differences.length > 0)) {
    screen.warn(
      'a running Immich changes its library and its database by itself: if it runs, stop its server and run the demo again',
    )
  }
  return { checks, hadWarnings: program.hadWarnings }
}

function newContents({ changes }: Backup): string[] {
  return changes.storedContents === 0
    ? []
    : [`it stored ${formatNumberOf(changes.storedContents, 'content')}`]
}

/** For the vault, for the restored files, and some more. */
async function requireSpace(folder: string, library: string): Promise<void> {
  const needed = 2.1 * (await includedBytes(library))
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  screen.outcome(`the demo takes ${formatBytes(needed)} in ${folder}; ${formatBytes(free)} are free`)
  if (needed < free) return
  throw new UserError(
    `the demo needs ${formatBytes(needed)} in ${folder}, and ${formatBytes(free)} are free`,
    {
      hint: 'Set TMPDIR to a folder on a larger disk: TMPDIR=/mnt/disk npm run demo -- ...',
    },
  )
}

/**
 * Loads the dump into a throwaway Postgres, where this machine has one that can take it.
 * @param env gets the variable with the new database's URL.
 * @returns what the new database holds; undefined when it was skipped, and the reader was told why.
 */
async function restoreOwnDatabase(
  program: Program,
  url: string,
  env: Record<string, string>,
  signal: AbortSignal,
) {
  const started = await startPostgres().catch((error: unknown) => errorMessage(error))
  if (typeof started === 'string') {
    skipDatabase(`no throwaway PostgreSQL started: ${started}`)
    return undefined
  }
  await using postgres = started
  const obstacle = await prepare(postgres, url, signal)
  if (obstacle !== undefined) {
    skipDatabase(obstacle)
    return undefined
  }
  const restored = await postgres.createDatabase('restored')
  env['RESTORED_DB_URL'] = restored
  await restoreDatabase(program, 'RESTORED_DB_URL')
  return await describeDatabase(restored, signal)
}

function skipDatabase(why: string): void {
  screen.text('  The database was not loaded into a second one')
  screen.warn(
    `${why}. The dump itself was read back whole and is good; it also lies in restored/backups, where Immich's own restore takes it.`,
  )
}

/** Gives the new server the roles that own the tables. @returns why it can't take the dump, or undefined when it can. */
async function prepare(
  postgres: TestPostgres,
  url: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  await using source = await connect(parseDatabaseUrl(url), signal)
  await using target = await connect(parseDatabaseUrl(postgres.url('postgres')), signal)
  const [server] = await source.query<{ major: number }>(
    `SELECT current_setting('server_version_num')::int / 10000 AS major`,
  )
  if (server && server.major > postgres.major) {
    return `the database is of PostgreSQL ${server.major}, and this machine has only ${postgres.major}`
  }
  const wanted = await source.query<{ name: string }>(`SELECT extname AS name FROM pg_extension`)
  const available = new Set(
    (await target.query<{ name: string }>('SELECT name FROM pg_available_extensions')).map(
      ({ name }) => name,
    ),
  )
  const missing = wanted.map(({ name }) => name).filter((name) => !available.has(name))
  if (missing.length > 0) {
    return `this machine's PostgreSQL does not have ${missing.join(' and ')}, which your database uses`
  }
  const rolesQuery = `SELECT rolname AS name FROM pg_roles WHERE rolname !~ '^pg_'`
  const present = new Set((await target.query<{ name: string }>(rolesQuery)).map(({ name }) => name))
  for (const { name } of await source.query<{ name: string }>(rolesQuery)) {
    if (!present.has(name)) await target.query(`CREATE ROLE ${escapeIdentifier(name)}`)
  }
  return undefined
}
