import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCounts } from '../../src/immich/counts.ts'
import { parseDatabaseUrl } from '../../src/immich/databaseUrl.ts'
import { dumpDatabase } from '../../src/immich/dump.ts'
import { loadDump } from '../../src/immich/loadDump.ts'
import { readSchema } from '../../src/immich/schema.ts'
import { openDatabaseSnapshot } from '../../src/immich/snapshot.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { createSmallImmich, runOn, type Shape } from './smallImmich.ts'

const { signal } = new AbortController()
let postgres: TestPostgres
let gzip: Buffer
beforeAll(async () => {
  postgres = await startPostgres()
  const url = await postgres.createDatabase('source')
  await createSmallImmich(url, '3.1.0')
  gzip = await dumpOf(url)
})
afterAll(async () => {
  await postgres[Symbol.asyncDispose]()
})

async function dumpOf(url: string): Promise<Buffer> {
  const settings = parseDatabaseUrl(url)
  await using snapshot = await openDatabaseSnapshot(settings, signal)
  const { tableRows } = await readCounts(snapshot.session, await readSchema(snapshot.session))
  const dump = await dumpDatabase({
    settings,
    snapshotId: snapshot.id,
    postgresMajor: postgres.major,
    expectedRows: tableRows,
    signal,
  })
  const chunks: Uint8Array[] = []
  for await (const chunk of dump.bytes) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function* inPieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

function load(url: string, bytes: Uint8Array, { overwrite = false, stop = signal } = {}) {
  return loadDump({ settings: parseDatabaseUrl(url), gzip: inPieces(bytes), overwrite, signal: stop })
}

async function value(url: string, query: string): Promise<unknown> {
  const client = new Client(url)
  await client.connect()
  try {
    const { rows } = await client.query<[unknown]>({ text: query, rowMode: 'array' })
    return rows[0]?.[0]
  } finally {
    await client.end()
  }
}

const tableCount = `SELECT count(*)::int FROM pg_tables WHERE schemaname = 'public'`

describe.each<Shape>(['1.135.3', '2.3.1', '3.1.0'])('a dump of Immich %s', (shape) => {
  test('loads into an empty database, where everything is as it was', async () => {
    const url = await postgres.createDatabase(`from ${shape}`)
    const { names } = await createSmallImmich(url, shape)
    const bytes = await dumpOf(url)
    const copy = await postgres.createDatabase(`to ${shape}`)
    expect(await load(copy, bytes)).toMatchObject({ assets: 5, trashed: 1, albums: 1, users: 1 })
    for (const table of [names.asset, names.user, names.exif, names.file, names.album, 'system_metadata']) {
      const all = `SELECT json_agg(t ORDER BY t::text) FROM ${table} t`
      expect(await value(copy, all)).toEqual(await value(url, all))
    }
    expect(
      gunzipSync(await dumpOf(copy))
        .toString()
        .replace(/\\(un)?restrict .*/g, ''),
    ).toBe(
      gunzipSync(bytes)
        .toString()
        .replace(/\\(un)?restrict .*/g, ''),
    )
  })
})

test('Immich’s own restore takes the dump', async () => {
  const url = await postgres.createDatabase('immich itself')
  await runOn(url, ['CREATE TABLE asset (id text)'], ['CREATE TABLE leftover (id int)'])
  // As in server/src/utils/database-backups.ts of Immich.
  const before = `
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    DROP SCHEMA public CASCADE;
    CREATE SCHEMA public;
    GRANT ALL ON SCHEMA public TO postgres;
    GRANT ALL ON SCHEMA public TO public;
  `
  const connection = `--username ${postgres.user} --host ${postgres.host} --port ${postgres.port}`
  const restore = '--single-transaction --set ON_ERROR_STOP=on --echo-all --output=/dev/null'
  const psql = spawn(
    join(postgres.bin, 'psql'),
    [...connection.split(' '), '--dbname', 'immich itself', ...restore.split(' ')],
    { env: { PGPASSWORD: postgres.password }, stdio: ['pipe', 'ignore', 'ignore'] },
  )
  psql.stdin.end(before + gunzipSync(gzip).toString())
  expect(await once(psql, 'exit')).toEqual([0, null])
  expect(await value(url, 'SELECT count(*)::int FROM asset')).toBe(5)
  expect(await value(url, `SELECT count(*)::int FROM pg_tables WHERE tablename = 'leftover'`)).toBe(0)
})

test('owners are kept, and a server that lacks one says which', async () => {
  const source = await postgres.createDatabase('owned')
  await createSmallImmich(source, '3.1.0')
  await runOn(source, ['CREATE ROLE photos'], ['ALTER TABLE asset OWNER TO photos'])
  const owned = await dumpOf(source)
  await using other = await startPostgres()
  const url = await other.createDatabase('photos')
  await expect(load(url, owned)).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringContaining('role "photos" does not exist'),
    hint: 'The tables belong to the user "photos": create it on this server first.',
  })
  expect(await value(url, tableCount)).toBe(0)
  await runOn(url, ['CREATE ROLE photos'])
  await load(url, owned)
  expect(await value(url, `SELECT tableowner FROM pg_tables WHERE tablename = 'asset'`)).toBe('photos')
})

test('a server without an extension says which', async () => {
  const url = await postgres.createDatabase('extensionless')
  const foreign = gunzipSync(gzip).toString().replaceAll('EXTENSION IF NOT EXISTS cube', 'EXTENSION vchord')
  await expect(load(url, gzipSync(foreign))).rejects.toHaveProperty(
    'hint',
    'Install the extension vchord on this server first; Immich’s own database image has it.',
  )
})

test('a database with a table in it is refused, and stays as it is', async () => {
  const url = await postgres.createDatabase('full')
  await runOn(url, ['CREATE TABLE mine (id int)'])
  await expect(load(url, gzip)).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringContaining('is not empty: it has the table public.mine'),
  })
  expect(await value(url, tableCount)).toBe(1)
})

test('overwriting replaces everything, and ends other connections', async () => {
  const url = await postgres.createDatabase('replaced')
  await createSmallImmich(url, '2.3.1')
  await runOn(url, ['CREATE TABLE mine (id int)'], ['CREATE VIEW seen AS SELECT * FROM mine'])
  const immich = new Client(url)
  await immich.connect()
  await immich.query('BEGIN')
  await immich.query('SELECT * FROM asset')
  const errors: Error[] = []
  immich.on('error', (error) => errors.push(error))
  const ended = new Promise<void>((resolve) => immich.once('end', resolve))
  expect(await load(url, gzip, { overwrite: true })).toMatchObject({ assets: 5 })
  await ended
  expect(errors[0]?.message).toContain('terminating connection')
  expect(await value(url, `SELECT to_regclass('public.mine')`)).toBeNull()
})

test('a shell command that somebody wrote into a dump is not run, and nothing is loaded', async () => {
  const url = await postgres.createDatabase('planted')
  const folder = await mkdtemp(join(tmpdir(), 'safelight-planted-'))
  const sql = gunzipSync(gzip).toString('utf8')
  const key = /^\\restrict (\w+)$/m.exec(sql)?.[1] ?? 'none'
  const planted = `\\unrestrict ${key}\n\\! touch ${join(folder, 'ran')}\n`
  const changed = sql.replace('\nCREATE TABLE', `\n${planted}CREATE TABLE`)
  expect(changed).not.toBe(sql)
  await expect(load(url, gzipSync(changed))).rejects.toThrow(/restrict/)
  expect(await readdir(folder)).toEqual([])
  expect(await value(url, `SELECT count(*)::int FROM pg_tables WHERE schemaname = 'public'`)).toBe(0)
  await rm(folder, { recursive: true })
})

describe('a load that fails leaves the database as it was', () => {
  const cases: [string, () => Buffer, RegExp][] = [
    ['the gzip file is cut short', () => gzip.subarray(0, gzip.length - 20), /unexpected end of file/],
    ['it is no gzip file', () => Buffer.from('SELECT 1;'), /incorrect header check/],
    ['the SQL is cut short', () => gzipSync(gunzipSync(gzip).subarray(0, -40)), /its last lines are missing/],
    ['it is no dump', () => gzipSync('CREATE TABLE mine (id int);\n'), /not a plain SQL dump/],
    [
      'the server refuses a statement',
      () => changed(/^SET row_security/m, 'SET no_such_setting = 1;\n$&'),
      /no_such_setting/,
    ],
    [
      'psql is too old',
      () => changed(/pg_dump version \d+/, 'pg_dump version 99'),
      /cannot load a dump of pg_dump 99/,
    ],
  ]
  const changed = (what: RegExp, to: string) => gzipSync(gunzipSync(gzip).toString().replace(what, to))

  test.each(cases)('%s', async (name, bytes, message) => {
    const url = await postgres.createDatabase(name)
    await runOn(url, ['CREATE TABLE mine (id int)'], ['INSERT INTO mine VALUES (1)'])
    await expect(load(url, bytes(), { overwrite: true })).rejects.toThrow(message)
    expect(await value(url, 'SELECT count(*)::int FROM mine')).toBe(1)
    expect(await value(url, tableCount)).toBe(1)
  })

  test('it is aborted', async () => {
    const url = await postgres.createDatabase('aborted')
    await runOn(url, ['CREATE TABLE mine (id int)'])
    const stop = new AbortController()
    const stalling = async function* () {
      yield gzip.subarray(0, gzip.length / 2)
      stop.abort(new Error('enough'))
      yield gzip.subarray(gzip.length / 2)
    }
    const options = {
      settings: parseDatabaseUrl(url),
      gzip: stalling(),
      overwrite: true,
      signal: stop.signal,
    }
    await expect(loadDump(options)).rejects.toThrow('enough')
    expect(await value(url, tableCount)).toBe(1)
  })

  test('its process is killed', async () => {
    const url = await postgres.createDatabase('struck')
    await runOn(url, ['CREATE TABLE mine (id int)'])
    const folder = await mkdtemp(join(tmpdir(), 'safelight-struck-'))
    const whole = gunzipSync(gzip)
    // All statements but the end arrive; then the loader hangs until it is killed.
    const inMiddle = gzipSync(whole, { level: 0 })
    await writeFile(join(folder, 'dump'), inMiddle.subarray(0, inMiddle.length - 100))
    const program = `
      import { readFileSync } from 'node:fs'
      import { loadDump } from ${JSON.stringify(join(import.meta.dirname, '../../src/immich/loadDump.ts'))}
      import { parseDatabaseUrl } from ${JSON.stringify(join(import.meta.dirname, '../../src/immich/databaseUrl.ts'))}
      async function* hanging() {
        yield readFileSync(process.argv[2])
        await new Promise((resolve) => setTimeout(resolve, 60_000))
      }
      const settings = parseDatabaseUrl(process.env.TARGET)
      await loadDump({ settings, gzip: hanging(), overwrite: true, signal: new AbortController().signal })`
    await writeFile(join(folder, 'load.mts'), program)
    const loader = spawn(process.execPath, [join(folder, 'load.mts'), join(folder, 'dump')], {
      env: { ...process.env, TARGET: url },
      stdio: 'inherit',
    })
    const inTransaction = `SELECT count(*)::int FROM pg_stat_activity
      WHERE datname = 'struck' AND application_name = 'safelight' AND state LIKE 'idle in transaction%'`
    while ((await value(postgres.url('postgres'), inTransaction)) !== 1) await sleep(50)
    loader.kill('SIGKILL')
    await once(loader, 'exit')
    const connected = `SELECT count(*)::int FROM pg_stat_activity WHERE datname = 'struck'`
    while ((await value(postgres.url('postgres'), connected)) !== 0) await sleep(50)
    expect(await value(url, `SELECT to_regclass('public.mine')::text`)).toBe('mine')
    expect(await value(url, tableCount)).toBe(1)
    await rm(folder, { recursive: true })
  })
})
