import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCatalogue } from '../../src/immich/catalogue.ts'
import { readCounts } from '../../src/immich/counts.ts'
import { parseDatabaseUrl } from '../../src/immich/databaseUrl.ts'
import { type DatabaseDump, dumpDatabase } from '../../src/immich/dump.ts'
import { readSchema } from '../../src/immich/schema.ts'
import type { DatabaseSettings } from '../../src/immich/settings.ts'
import { type DatabaseSnapshot, openDatabaseSnapshot } from '../../src/immich/snapshot.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { createSmallImmich, runOn } from './smallImmich.ts'

const { signal } = new AbortController()
let postgres: TestPostgres
let temporary: string
beforeAll(async () => {
  postgres = await startPostgres()
  temporary = await mkdtemp(join(tmpdir(), 'safelight-dump-test-'))
  process.env['TMPDIR'] = temporary
})
afterAll(async () => {
  await postgres[Symbol.asyncDispose]()
  await rm(temporary, { recursive: true })
})

async function read(dump: DatabaseDump): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of dump.bytes) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function dumpOf(settings: DatabaseSettings, snapshot: DatabaseSnapshot, stop: AbortSignal = signal) {
  const { tableRows } = await readCounts(snapshot.session, await readSchema(snapshot.session))
  return dumpDatabase({
    settings,
    snapshotId: snapshot.id,
    postgresMajor: postgres.major,
    expectedRows: tableRows,
    signal: stop,
  })
}

/** Rows so many and incompressible that a dump of them takes a while and fills every buffer on its way. */
async function addManyAssets(url: string, count: number): Promise<void> {
  await runOn(url, [
    `INSERT INTO asset ("originalPath", checksum)
     SELECT '/data/upload/' || n || repeat(md5(random()::text), 20), '' FROM generate_series(1, $1) n`,
    [count],
  ])
}

/** Processes of this one with a name, by their ids. */
async function childrenNamed(name: string): Promise<number[]> {
  const found: number[] = []
  for (const pid of (await readdir('/proc')).map(Number).filter(Boolean)) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    if (new RegExp(`\\(${name}\\) [^Z] ${process.pid} `).test(stat)) found.push(pid)
  }
  return found
}

test('a dump holds exactly what the catalogue of the same snapshot names, while others write', async () => {
  const url = await postgres.createDatabase('busy')
  await createSmallImmich(url, '3.1.0')
  const settings = parseDatabaseUrl(url)
  const writer = new Client(url)
  await writer.connect()
  const enough = new AbortController()
  const write = async () => {
    while (!enough.signal.aborted) {
      await writer.query(`INSERT INTO asset ("originalPath", checksum) VALUES (gen_random_uuid(), '')`)
    }
  }
  const written = write()
  await sleep(50)
  await using snapshot = await openDatabaseSnapshot(settings, signal)
  await sleep(50)
  const dump = await dumpOf(settings, snapshot)
  const gzip = await read(dump)
  const named = new Set<string>()
  for await (const entry of readCatalogue(snapshot.session, await readSchema(snapshot.session), '/data')) {
    if (entry.kind === 'original') named.add(entry.id)
  }
  enough.abort()
  await written
  const { rows } = await writer.query<{ count: number }>('SELECT count(*)::int AS count FROM asset')
  await writer.end()
  const sql = gunzipSync(gzip).toString()
  const copied = /^COPY public\.asset .*\n([^]*?)^\\\.$/m.exec(sql)?.[1] ?? ''
  const dumped = new Set(
    copied
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]),
  )
  expect(dumped).toEqual(named)
  expect(named.size).toBeLessThan(rows[0]?.count ?? 0)
  expect(dump.summary()).toMatchObject({
    gzipBytes: gzip.length,
    sqlBytes: Buffer.byteLength(sql),
    sha256: createHash('sha256').update(gzip).digest(),
  })
  expect(dump.summary().rows.get('public.asset')).toBe(named.size)
})

test('every shape of Immich’s schema is dumped', async () => {
  for (const shape of ['1.135.3', '2.3.1', '3.1.0'] as const) {
    const url = await postgres.createDatabase(`dump ${shape}`)
    await createSmallImmich(url, shape)
    const settings = parseDatabaseUrl(url)
    await using snapshot = await openDatabaseSnapshot(settings, signal)
    const dump = await dumpOf(settings, snapshot)
    expect(gunzipSync(await read(dump)).toString()).toContain('PostgreSQL database dump complete')
  }
})

test('a pg_dump that is killed in the middle ends in an error, and nothing looks complete', async () => {
  const url = await postgres.createDatabase('killed')
  await createSmallImmich(url, '3.1.0')
  await addManyAssets(url, 20_000)
  const settings = parseDatabaseUrl(url)
  await using snapshot = await openDatabaseSnapshot(settings, signal)
  const dump = await dumpOf(settings, snapshot)
  const chunks: Uint8Array[] = []
  const consume = async () => {
    for await (const chunk of dump.bytes) {
      if (chunks.length === 0) for (const pid of await childrenNamed('pg_dump')) process.kill(pid, 'SIGKILL')
      chunks.push(chunk)
    }
  }
  await expect(consume()).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringContaining('pg_dump was ended by SIGKILL'),
  })
  expect(() => dump.summary()).toThrow('has not ended')
  expect(() => gunzipSync(Buffer.concat(chunks))).toThrow('unexpected end of file')
  expect(await readdir(temporary)).toEqual([])
})

test('while pg_dump runs, its arguments tell nobody the password', async () => {
  const url = await postgres.createDatabase('arguments')
  await createSmallImmich(url, '3.1.0')
  await addManyAssets(url, 20_000)
  const settings = parseDatabaseUrl(url)
  await using snapshot = await openDatabaseSnapshot(settings, signal)
  const dump = await dumpOf(settings, snapshot)
  let commandLine = ''
  for await (const _chunk of dump.bytes) {
    const [pid] = commandLine === '' ? await childrenNamed('pg_dump') : []
    if (pid !== undefined) commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8')
  }
  expect(commandLine).toContain('--snapshot=')
  expect(commandLine).not.toContain(settings.password)
})

test('an abort ends pg_dump, and so does a reader that stops', async () => {
  const url = await postgres.createDatabase('stopped')
  await createSmallImmich(url, '3.1.0')
  await addManyAssets(url, 20_000)
  const settings = parseDatabaseUrl(url)
  await using snapshot = await openDatabaseSnapshot(settings, signal)
  const stop = new AbortController()
  const aborted = await dumpOf(settings, snapshot, stop.signal)
  const consume = async () => {
    for await (const _chunk of aborted.bytes) stop.abort(new Error('enough'))
  }
  await expect(consume()).rejects.toThrow('enough')
  expect(await childrenNamed('pg_dump')).toEqual([])

  const left = await dumpOf(settings, snapshot)
  for await (const _chunk of left.bytes) break
  expect(await childrenNamed('pg_dump')).toEqual([])
  expect(() => left.summary()).toThrow('has not ended')
  expect(await readdir(temporary)).toEqual([])
})

test('a table that may not be read fails the dump with pg_dump’s own words', async () => {
  const url = await postgres.createDatabase('guarded')
  await createSmallImmich(url, '3.1.0')
  await runOn(
    url,
    [`CREATE ROLE reader LOGIN PASSWORD 'reader'`],
    [`GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader`],
    [`CREATE TABLE api_key (id int)`],
  )
  const settings = { ...parseDatabaseUrl(url), user: 'reader', password: 'reader' }
  await using snapshot = await openDatabaseSnapshot(settings, signal)
  await expect(read(await dumpOf(settings, snapshot))).rejects.toThrow(
    /pg_dump ended with exit code 1: .*permission denied for table api_key/,
  )
})

test('a snapshot that is over cannot be dumped', async () => {
  const url = await postgres.createDatabase('over')
  await createSmallImmich(url, '3.1.0')
  const settings = parseDatabaseUrl(url)
  const snapshot = await openDatabaseSnapshot(settings, signal)
  const dump = await dumpOf(settings, snapshot)
  await snapshot.close()
  await expect(read(dump)).rejects.toThrow('pg_dump ended with exit code 1')
})

test('a dump that lacks rows of the database fails at its end', async () => {
  const url = await postgres.createDatabase('lacking')
  await createSmallImmich(url, '3.1.0')
  const settings = parseDatabaseUrl(url)
  await using snapshot = await openDatabaseSnapshot(settings, signal)
  const dump = await dumpDatabase({
    settings,
    snapshotId: snapshot.id,
    postgresMajor: postgres.major,
    expectedRows: new Map([['public.asset', 6]]),
    signal,
  })
  await expect(read(dump)).rejects.toThrow('the dump has 5 rows of public.asset, the database 6')
})

test('without a pg_dump of the server’s own major version there is no dump', async () => {
  const settings = parseDatabaseUrl(postgres.url('postgres'))
  const options = { settings, snapshotId: 'x', postgresMajor: 9, expectedRows: new Map(), signal }
  await expect(dumpDatabase(options)).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringContaining(`found pg_dump ${postgres.major}`),
    hint: 'Install the Debian package postgresql-client-9.',
  })
})
