/* One connection to Immich's database, through node-postgres. */
import { Socket } from 'node:net'
import { Client, type ClientConfig, type QueryResultRow } from 'pg'
import { sleep } from '../shared/abort.ts'
import { explainConnectError, explainQueryError, isPlainWorthTrying, isTransient } from './databaseErrors.ts'
import { applicationName, connectTimeoutSeconds } from './libpq.ts'
import type { DatabaseSettings } from './settings.ts'

/** What reading needs of a connection. */
export interface Queryable {
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

/** No query of ours takes long for the server to answer: large results come by cursor. */
const queryTimeoutMs = 10 * 60_000
const keepAliveDelayMs = 10_000
const maxTries = 4
const farewellMs = 5000

/**
 * Connects, trying again for some seconds while the server is out of reach or starting up.
 * @param signal ends the connection, and every query on it, when it aborts; at any time until `close`.
 * @throws UserError saying why the database cannot be reached; the signal's reason.
 */
export async function connect(settings: DatabaseSettings, signal: AbortSignal): Promise<DatabaseSession> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await connectAsConfigured(settings, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (attempt === maxTries || !isTransient(error)) throw explainConnectError(error, settings)
    }
    await sleep(250 * 2 ** attempt * (0.5 + Math.random()), signal)
  }
}

/** libpq's `prefer`: TLS first, and without it where the server does not speak it or does not want it. */
async function connectAsConfigured(
  settings: DatabaseSettings,
  signal: AbortSignal,
): Promise<DatabaseSession> {
  try {
    return await DatabaseSession.open(settings, signal)
  } catch (error) {
    if (settings.tls.mode !== 'prefer' || !isPlainWorthTrying(error)) throw error
    return DatabaseSession.open({ ...settings, tls: { mode: 'disable' } }, signal)
  }
}

export class DatabaseSession implements Queryable, AsyncDisposable {
  readonly #client: Client
  readonly #signal: AbortSignal
  readonly #stop: () => void
  #lost: Error | undefined

  private constructor(client: Client, signal: AbortSignal, stop: () => void) {
    this.#client = client
    this.#signal = signal
    this.#stop = stop
    // A connection that dies between two queries has no query to fail: the next one tells.
    client.on('error', (error) => (this.#lost ??= error))
  }

  /** One try at connecting. @throws node-postgres' own errors. */
  static async open(settings: DatabaseSettings, signal: AbortSignal): Promise<DatabaseSession> {
    signal.throwIfAborted()
    // The socket is ours, so that an abort ends whatever node-postgres is doing on it.
    const socket = new Socket()
    const stop = () => socket.destroy(new Error('stopped'))
    signal.addEventListener('abort', stop, { once: true })
    const client = new Client(clientConfig(settings, socket))
    const session = new DatabaseSession(client, signal, stop)
    try {
      await client.connect()
      return session
    } catch (error) {
      signal.removeEventListener('abort', stop)
      socket.destroy()
      throw error
    }
  }

  /**
   * Runs one query and gives its rows.
   * @throws the signal's reason; UserError where the reader can do something, as when the connection was lost.
   */
  async query<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    this.#signal.throwIfAborted()
    try {
      const { rows } = await this.#client.query<Row>(text, [...values])
      return rows
    } catch (error) {
      this.#signal.throwIfAborted()
      throw explainQueryError(this.#lost ?? error)
    }
  }

  /** Ends the connection; a transaction still open in it is rolled back by the server. */
  async close(): Promise<void> {
    // A server out of reach never answers the farewell.
    const impatience = setTimeout(this.#stop, farewellMs)
    await this.#client.end()
    clearTimeout(impatience)
    this.#signal.removeEventListener('abort', this.#stop)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function clientConfig(settings: DatabaseSettings, socket: Socket): ClientConfig {
  return {
    host: settings.host,
    port: settings.port,
    user: settings.user,
    database: settings.database,
    // As a function it keeps node-postgres from looking for ~/.pgpass and PGPASSWORD.
    password: () => settings.password ?? '',
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutSeconds * 1000,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
    stream: () => socket,
    ssl: tlsOptions(settings),
  }
}

function tlsOptions({ host, tls }: DatabaseSettings): NonNullable<ClientConfig['ssl']> {
  // libpq never speaks TLS over a Unix socket, whatever the mode.
  if (tls.mode === 'disable' || host.startsWith('/')) return false
  if (tls.mode === 'prefer' || tls.mode === 'require') return { rejectUnauthorized: false }
  return {
    rejectUnauthorized: true,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  }
}
