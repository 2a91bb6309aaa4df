import { randomBytes } from 'node:crypto'
import { appendFile, glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, escapeIdentifier } from 'pg'
import { makeCertificate } from './certificate.ts'
import { cleanUpAfterwards } from './cleaner.ts'
import { exec } from './exec.ts'
import { freePort } from './ports.ts'
import { type Account, unprivilegedAccount } from './unprivileged.ts'

export interface TestPostgres extends AsyncDisposable {
  host: string
  port: number
  user: string
  password: string
  /** Major version, for example 15. */
  major: number
  /** The folder of the server's own `pg_dump` and `psql`. */
  bin: string
  /** PEM file of the authority behind the server's certificate; undefined without `ssl`. */
  ca: string | undefined
  /** The connection URL of a database; `postgres` is always there. */
  url(database: string): string
  /** Creates an empty database and gives its connection URL. */
  createDatabase(name: string): Promise<string>
}

interface PostgresOptions {
  /** Speak TLS, and refuse every connection that does not. */
  ssl?: boolean
  /** The folder with `initdb`, `pg_ctl` and the others; by default the newest major under /usr/lib/postgresql. */
  bin?: string
}

/** A cluster on its way up. */
interface Cluster {
  account: Account
  bin: string
  /** Holds everything of the cluster; removed at the end. */
  folder: string
  data: string
}

const host = '127.0.0.1'
const user = 'postgres'
const installed = '/usr/lib/postgresql'

/**
 * Starts a throwaway Postgres cluster on a free port of 127.0.0.1, with the superuser `postgres` and a random
 * password (SCRAM). It is gone, data and all, when it is disposed of or when this process ends, however that happens.
 * Any number may run side by side. Postgres refuses to run as root: then it runs as the account `safelight-test`.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<TestPostgres> {
  const account = await unprivilegedAccount()
  const bin = options.bin ?? (await newestBin())
  const folder = await mkdtemp(join(tmpdir(), 'safelight-postgres-'))
  const cluster = { account, bin, folder, data: join(folder, 'data') }
  const stop = account.command(join(bin, 'pg_ctl'), ['stop', '-w', '-m', 'fast', '-D', cluster.data])
  const cleaner = cleanUpAfterwards('folder=$1; shift; "$@"; rm -rf -- "$folder"', [folder, ...stop])
  try {
    account.own(folder)
    const password = await initialise(cluster)
    const ca = options.ssl ? await requireTls(cluster) : undefined
    const port = await startOnFreePort(cluster)
    const major = Number(await readFile(join(cluster.data, 'PG_VERSION'), 'utf8'))
    const url = (database: string) =>
      `postgres://${user}:${password}@${host}:${port}/${encodeURIComponent(database)}`
    const createDatabase = async (name: string) => {
      const ssl = ca === undefined ? false : { ca: await readFile(ca) }
      await runSql({ connectionString: url('postgres'), ssl }, `CREATE DATABASE ${escapeIdentifier(name)}`)
      return url(name)
    }
    const dispose = () => cleaner[Symbol.asyncDispose]()
    return { host, port, user, password, major, bin, ca, url, createDatabase, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await cleaner[Symbol.asyncDispose]()
    throw error
  }
}

async function newestBin(): Promise<string> {
  // A client of another major brings a folder, too, but no server.
  const servers = glob('+([0-9])/bin/initdb', { cwd: installed })
  const majors = (await Array.fromAsync(servers)).map((path) => Number.parseInt(path, 10))
  if (majors.length === 0) throw new Error(`no PostgreSQL under ${installed}: apt-get install postgresql`)
  return join(installed, String(Math.max(...majors)), 'bin')
}

/** Makes the data folder, and gives the superuser's password. */
async function initialise({ account, bin, folder, data }: Cluster): Promise<string> {
  const password = randomBytes(12).toString('hex')
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  account.own(passwordFile)
  const init = ['--pgdata', data, '--username', user, '--pwfile', passwordFile, '--no-sync']
  await run(account, join(bin, 'initdb'), [...init, '--encoding=UTF8', '--locale=C.UTF-8'])
  await rm(passwordFile)
  // Data that is thrown away need not survive a power cut.
  const settings = [
    'fsync = off',
    'synchronous_commit = off',
    'full_page_writes = off',
    'shared_buffers = 32MB',
  ]
  const sockets = [`listen_addresses = '${host}'`, "unix_socket_directories = ''"]
  await appendFile(join(data, 'postgresql.conf'), [...settings, ...sockets, ''].join('\n'))
  await writeFile(join(data, 'pg_hba.conf'), `host all,replication all ${host}/32 scram-sha-256\n`)
  return password
}

/** Gives the PEM file of the authority. */
async function requireTls({ account, folder, data }: Cluster): Promise<string> {
  const { ca, certificate, key } = await makeCertificate(folder)
  account.own(certificate)
  account.own(key)
  const settings = ['ssl = on', `ssl_cert_file = '${certificate}'`, `ssl_key_file = '${key}'`, '']
  await appendFile(join(data, 'postgresql.conf'), settings.join('\n'))
  await writeFile(join(data, 'pg_hba.conf'), `hostssl all,replication all ${host}/32 scram-sha-256\n`)
  return ca
}

/** Someone else may take the port between our asking for it and the server's: then another is tried. */
async function startOnFreePort({ account, bin, folder, data }: Cluster): Promise<number> {
  const log = join(folder, 'log')
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      await run(account, join(bin, 'pg_ctl'), ['start', '-w', '-D', data, '-l', log, '-o', `-p ${port}`])
      return port
    } catch (error) {
      const reason = await readFile(log, 'utf8').catch(() => 'it left no log')
      const taken = reason.includes('Address already in use')
      if (!taken || attempt === 5) throw new Error(`Postgres did not start: ${reason}`, { cause: error })
      await rm(log)
    }
  }
}

async function run(account: Account, program: string, args: readonly string[]): Promise<void> {
  const [command, ...rest] = account.command(program, args)
  await exec(command, rest)
}

async function runSql(config: ConstructorParameters<typeof Client>[0], sql: string): Promise<void> {
  const client = new Client(config)
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
