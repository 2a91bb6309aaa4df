/*
 * How to reach Immich's database, as plain data with its secrets resolved. One parsed TLS setting serves both of our
 * clients, with libpq's meaning: node-postgres alone would read `require` as "verify", and would not know `prefer`.
 */
import { UserError } from '../shared/errors.ts'

/**
 * libpq's `sslmode` (https://www.postgresql.org/docs/current/libpq-ssl.html): `prefer` takes TLS where the server
 * offers it, `require` insists on it, and neither looks at the certificate; `verify-ca` and `verify-full` do.
 */
export const tlsModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type TlsMode = (typeof tlsModes)[number]

export interface TlsSettings {
  mode: TlsMode
  /** The authorities to trust, as PEM text. Absent: those that Node trusts. */
  ca?: string | undefined
}

export interface DatabaseSettings {
  /** A host name, an address, or the absolute path of the folder with the server's Unix socket. */
  host: string
  port: number
  user: string
  password?: string | undefined
  database: string
  tls: TlsSettings
}

/** Immich's own environment variables for its database; what is absent has Immich's own default. */
export interface ImmichDatabaseVariables {
  DB_HOSTNAME?: string | undefined
  DB_PORT?: string | undefined
  DB_USERNAME?: string | undefined
  DB_PASSWORD?: string | undefined
  DB_DATABASE_NAME?: string | undefined
  DB_SSL_MODE?: string | undefined
}

/**
 * The settings that Immich itself would use with these variables.
 * @param ca PEM text of the authorities to trust.
 * @throws UserError when a value cannot be used, naming its variable.
 */
export function settingsFromImmich(variables: ImmichDatabaseVariables, ca?: string): DatabaseSettings {
  return {
    host: variables.DB_HOSTNAME || 'database',
    port: parsePort(variables.DB_PORT || '5432', 'DB_PORT'),
    user: variables.DB_USERNAME || 'postgres',
    password: variables.DB_PASSWORD || 'postgres',
    database: variables.DB_DATABASE_NAME || 'immich',
    tls: tlsSettings(variables.DB_SSL_MODE || 'prefer', ca, 'DB_SSL_MODE'),
  }
}

/** The same database server, for messages: never holds the password. */
export function describeDatabase({ host, port, user, database }: DatabaseSettings): string {
  const place = host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : `${host}:${port}`
  return `database "${database}" as "${user}" at ${place}`
}

/** @throws UserError unless `text` is a TCP port; `where` names the setting. */
export function parsePort(text: string, where: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw new UserError(`${where} must be a port from 1 to 65535`)
  return port
}

/**
 * What a written `sslmode` means, with the words that other programs use for it.
 * @param where names the setting for the message.
 * @throws UserError for an unknown mode, and for `verify-ca` without an authority: any public one would pass.
 */
export function tlsSettings(written: string, ca: string | undefined, where: string): TlsSettings {
  const mode = tlsModes.find((known) => known === (synonyms[written] ?? written))
  if (mode === undefined) throw new UserError(`${where} must be one of ${tlsModes.join(', ')}`)
  if (mode === 'verify-ca' && ca === undefined) {
    throw new UserError(`${where} verify-ca needs the certificate of the authority to trust`, {
      hint: 'Name it as the database’s ca, or use verify-full to trust the public authorities.',
    })
  }
  // libpq verifies under `require` as soon as it has an authority, so node-postgres must, too.
  return { mode: mode === 'require' && ca !== undefined ? 'verify-ca' : mode, ca }
}

const synonyms: Readonly<Record<string, TlsMode>> = {
  allow: 'prefer',
  'no-verify': 'require',
  true: 'require',
  '1': 'require',
  false: 'disable',
  '0': 'disable',
}
