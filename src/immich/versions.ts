import { z } from 'zod'
import { errorMessage, UserError } from '../shared/errors.ts'
import type { ImmichSchema } from './schema.ts'
import type { Queryable } from './session.ts'

export interface PostgresVersion {
  /** As in Immich's own dump names: `14.19`. */
  version: string
  major: number
}

export interface ImmichVersion {
  /** Without a leading v: `3.1.0`. */
  version: string
  source: 'database' | 'server' | 'configuration'
}

const serverTimeoutMs = 10_000
const part = z.int().nonnegative()
const serverAnswer = z.object({
  major: part,
  minor: part,
  patch: part,
  prerelease: part.nullable().default(null),
})

/** The version of the server that holds the database. */
export async function readPostgresVersion(db: Queryable): Promise<PostgresVersion> {
  const [row] = await db.query<{ text: string; number: number }>(
    `SELECT current_setting('server_version') AS text, current_setting('server_version_num')::int AS number`,
  )
  if (row === undefined) throw new Error('the server gave no version')
  return { version: row.text.split(' ')[0] ?? row.text, major: Math.floor(row.number / 10_000) }
}

/** The version of Immich that last ran on this database, or undefined when it never said. */
export async function readImmichVersion(db: Queryable, schema: ImmichSchema): Promise<string | undefined> {
  if (schema.tables.versionHistory === undefined) return undefined
  const [row] = await db.query<{ version: string }>(
    `SELECT version::text FROM ${schema.tables.versionHistory} ORDER BY "createdAt" DESC LIMIT 1`,
  )
  return row && normalVersion(row.version)
}

/**
 * The version that a running Immich server tells anyone who asks.
 * @param url where the server is reached, `http://immich-server:2283`.
 * @throws Error when it doesn't answer within 10 seconds, or not as Immich does; the signal's reason.
 */
export async function fetchImmichVersion(url: string, signal: AbortSignal): Promise<string> {
  try {
    const response = await fetch(new URL('/api/server/version', url), {
      signal: AbortSignal.any([signal, AbortSignal.timeout(serverTimeoutMs)]),
    })
    if (!response.ok) throw new Error(`it answered ${response.status}`)
    const { major, minor, patch, prerelease } = serverAnswer.parse(await response.json())
    return `${major}.${minor}.${patch}${prerelease === null ? '' : `-rc.${prerelease}`}`
  } catch (error) {
    signal.throwIfAborted()
    throw new Error(`the Immich server did not tell its version: ${errorMessage(error)}`, { cause: error })
  }
}

interface VersionSources {
  /** What the database says. */
  database: string | undefined
  /** Where the server is reached, if that is known. */
  serverUrl: string | undefined
  /** What the owner wrote, `v3.1.0`. */
  configured: string | undefined
}

/**
 * The version of Immich that a backup is labelled with: the database's word, else the server's, else the owner's.
 * @throws UserError when none of the three tells, or the owner's is no version.
 */
export async function chooseImmichVersion(
  { database, serverUrl, configured }: VersionSources,
  signal: AbortSignal,
): Promise<ImmichVersion> {
  if (database !== undefined) return { version: database, source: 'database' }
  let serverError: unknown
  if (serverUrl !== undefined) {
    try {
      return { version: await fetchImmichVersion(serverUrl, signal), source: 'server' }
    } catch (error) {
      signal.throwIfAborted()
      serverError = error
    }
  }
  if (configured === undefined) {
    const why = serverError === undefined ? '' : `, and ${errorMessage(serverError)}`
    throw new UserError(`the version of Immich is unknown: the database does not tell it${why}`, {
      hint: 'Set immichVersion in the configuration, for example v3.1.0.',
      cause: serverError,
    })
  }
  const version = normalVersion(configured)
  if (version === undefined) throw new UserError('immichVersion must look like v3.1.0')
  return { version, source: 'configuration' }
}

/** `v3.1.0` and `3.1.0` become `3.1.0`; what is no version becomes undefined. */
export function normalVersion(text: string): string | undefined {
  return /^v?(\d+\.\d+\.\d+(?:-[\w.]+)?)$/.exec(text.trim())?.[1]
}
