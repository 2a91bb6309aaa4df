import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { type AddressInfo, createServer, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseDatabaseUrl } from '../../src/immich/databaseUrl.ts'
import { libpqEnvironment } from '../../src/immich/libpq.ts'
import { connect } from '../../src/immich/session.ts'
import type { DatabaseSettings, TlsSettings } from '../../src/immich/settings.ts'
import { openDatabaseSnapshot } from '../../src/immich/snapshot.ts'
import { makeCertificate } from '../support/certificate.ts'
import { exec } from '../support/exec.ts'
import { freePort } from '../support/ports.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { runOn } from './smallImmich.ts'

const { signal } = new AbortController()
let plain: TestPostgres
let secure: TestPostgres
let ca: string
let strangerCa: string
let folder: string

beforeAll(async () => {
  ;[plain, secure] = await Promise.all([startPostgres(), startPostgres({ ssl: true })])
  folder = await mkdtemp(join(tmpdir(), 'safelight-session-'))
  ca = await readFile(secure.ca ?? '', 'utf8')
  strangerCa = await readFile((await makeCertificate(folder)).ca, 'utf8')
})
afterAll(async () => {
  await Promise.all([plain[Symbol.asyncDispose](), secure[Symbol.asyncDispose]()])
  await rm(folder, { recursive: true })
})

function settingsOf(server: TestPostgres, change: Partial<DatabaseSettings> = {}): DatabaseSettings {
  return { ...parseDatabaseUrl(server.url('postgres')), ...change }
}

const tlsOfThisConnection = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'

/** Whether the connection speaks TLS, if there is one. */
async function throughNode(settings: DatabaseSettings): Promise<boolean | 'refused'> {
  try {
    await using session = await connect(settings, signal)
    const [row] = await session.query<{ ssl: boolean }>(tlsOfThisConnection)
    return row?.ssl === true
  } catch {
    return 'refused'
  }
}

async function throughLibpq(settings: DatabaseSettings): Promise<boolean | 'refused'> {
  const home = await mkdtemp(join(folder, 'home-'))
  const env = await libpqEnvironment(settings, home)
  try {
    const psql = join(secure.bin, 'psql')
    return (await exec(psql, ['-X', '-w', '-Atc', tlsOfThisConnection], { env })).trim() === 't'
  } catch {
    return 'refused'
  }
}

/** An address of this machine that is not in the certificate. */
const otherAddress = '127.0.0.2'

/** Passes connections on to `target`. */
async function relay(target: TestPostgres, host: string, port: number): Promise<AsyncDisposable> {
  const server = createServer((client) => {
    const socket = new Socket().connect(target.port, target.host)
    client.pipe(socket).pipe(client)
    socket.on('error', () => client.destroy())
    client.on('error', () => socket.destroy())
  }).listen(port, host)
  await once(server, 'listening')
  return {
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('both clients mean the same by a TLS mode', () => {
  const cases: [string, 'plain' | 'secure', () => TlsSettings, boolean | 'refused', string?][] = [
    ['disable where TLS is wanted', 'secure', () => ({ mode: 'disable' }), 'refused'],
    ['disable', 'plain', () => ({ mode: 'disable' }), false],
    ['prefer takes TLS', 'secure', () => ({ mode: 'prefer' }), true],
    ['prefer does without', 'plain', () => ({ mode: 'prefer' }), false],
    ['require takes any certificate', 'secure', () => ({ mode: 'require' }), true],
    ['require insists', 'plain', () => ({ mode: 'require' }), 'refused'],
    ['verify-ca', 'secure', () => ({ mode: 'verify-ca', ca }), true],
    ['verify-ca ignores the name', 'secure', () => ({ mode: 'verify-ca', ca }), true, otherAddress],
    ['verify-ca, another authority', 'secure', () => ({ mode: 'verify-ca', ca: strangerCa }), 'refused'],
    ['verify-full', 'secure', () => ({ mode: 'verify-full', ca }), true, 'localhost'],
    [
      'verify-full, this machine’s authorities',
      'secure',
      () => ({ mode: 'verify-full' }),
      'refused',
      'localhost',
    ],
    ['verify-full wants the name', 'secure', () => ({ mode: 'verify-full', ca }), 'refused', otherAddress],
    [
      'verify-full, another authority',
      'secure',
      () => ({ mode: 'verify-full', ca: strangerCa }),
      'refused',
      'localhost',
    ],
  ]
  test.each(cases)('%s', async (_name, server, tls, expected, host = '127.0.0.1') => {
    const target = server === 'plain' ? plain : secure
    await using _otherWay = await relay(target, otherAddress, target.port)
    const settings = settingsOf(target, { tls: tls(), host })
    expect(await throughNode(settings)).toBe(expected)
    expect(await throughLibpq(settings)).toBe(expected)
  })
})

test('a client certificate list is written for nobody else to change, and the password into no file', async () => {
  const home = await mkdtemp(join(folder, 'home-'))
  const settings = settingsOf(secure, { tls: { mode: 'verify-full', ca } })
  const { PGSSLROOTCERT = '', PGPASSWORD } = await libpqEnvironment(settings, home)
  expect((await stat(PGSSLROOTCERT)).mode & 0o777).toBe(0o600)
  expect(await readFile(PGSSLROOTCERT, 'utf8')).toBe(ca)
  expect(PGPASSWORD).toBe(settings.password)
})

describe('a connection that cannot be made is told with its reason, and without the password', () => {
  const password = 'k3ePmeOut'
  const cases: [string, () => Promise<Partial<DatabaseSettings>>, string][] = [
    ['wrong password', async () => ({}), 'password authentication failed'],
    ['no such user', async () => ({ user: 'nobody' }), 'password authentication failed'],
    ['no such host', async () => ({ host: 'no-such-host.invalid' }), 'no-such-host.invalid'],
    ['nothing listens', async () => ({ port: await freePort() }), 'ECONNREFUSED'],
    ['no such socket', async () => ({ host: '/nowhere' }), 'ENOENT'],
  ]
  test.each(cases)('%s', async (_name, change, reason) => {
    const settings = settingsOf(plain, { password, ...(await change()) })
    const error: unknown = await connect(settings, signal).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'UserError', message: expect.stringContaining(reason) })
    expect(error).toHaveProperty('hint', expect.stringMatching(/\w/))
    expect(JSON.stringify(error) + String(error)).not.toContain(password)
  })

  test('no such database', async () => {
    await expect(connect(settingsOf(plain, { database: 'nowhere' }), signal)).rejects.toThrow(
      'database "nowhere" does not exist',
    )
  })

  test('no password where one is wanted', async () => {
    await expect(connect(settingsOf(plain, { password: undefined }), signal)).rejects.toThrow('password')
  })
})

test('a server that is starting up is waited for', async () => {
  const port = await freePort()
  const connecting = connect(settingsOf(plain, { port }), signal)
  await sleep(300)
  await using _started = await relay(plain, '127.0.0.1', port)
  await using session = await connecting
  expect(await session.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test('an abort ends an attempt that gets no answer', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const stop = new AbortController()
  const connecting = connect(settingsOf(plain, { port }), stop.signal)
  await once(silent, 'connection')
  stop.abort(new Error('enough'))
  await expect(connecting).rejects.toThrow('enough')
  silent.close()
})

test('an abort ends a query that runs', async () => {
  const stop = new AbortController()
  await using session = await connect(settingsOf(plain), stop.signal)
  const asked = session.query('SELECT pg_sleep(60)')
  stop.abort(new Error('enough'))
  await expect(asked).rejects.toThrow('enough')
  await expect(session.query('SELECT 1')).rejects.toThrow('enough')
})

test('a connection that was lost between two queries fails the next one', async () => {
  await using session = await connect(settingsOf(plain), signal)
  const [own] = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  await runOn(plain.url('postgres'), ['SELECT pg_terminate_backend($1)', [own?.pid]])
  await sleep(100)
  await expect(session.query('SELECT 1')).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringMatching(
      /the database server ended the connection|the connection to the database was lost/,
    ),
  })
})

test('a snapshot outlives the server’s limits on idle and long transactions', async () => {
  const url = await plain.createDatabase('limits')
  await runOn(
    url,
    [`ALTER DATABASE limits SET idle_in_transaction_session_timeout = '100ms'`],
    [`ALTER DATABASE limits SET statement_timeout = '100ms'`],
  )
  await using snapshot = await openDatabaseSnapshot(parseDatabaseUrl(url), signal)
  await sleep(300)
  expect(await snapshot.session.query('SELECT pg_sleep(0.3), 1 AS one')).toMatchObject([{ one: 1 }])
})

test('a snapshot cannot be written through', async () => {
  await using snapshot = await openDatabaseSnapshot(settingsOf(plain), signal)
  await expect(snapshot.session.query('CREATE TABLE mine (id int)')).rejects.toThrow('read-only transaction')
})
