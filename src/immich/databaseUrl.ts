import { readFileSync } from 'node:fs'
import { errorMessage, UserError } from '../shared/errors.ts'
import { type DatabaseSettings, parsePort, tlsSettings } from './settings.ts'

/** Of libpq and node-postgres; they change nothing about which data we see. */
const ignored = new Set([
  'uselibpqcompat',
  'application_name',
  'fallback_application_name',
  'connect_timeout',
  'keepalives',
  'keepalives_idle',
  'keepalives_interval',
  'keepalives_count',
])
const understood = new Set(['host', 'port', 'user', 'password', 'dbname', 'ssl', 'sslmode', 'sslrootcert'])

const urlParts = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i
const hostParts = /^(\[[^\]]*\]|[^:,]*)(?::(\d*))?$/

/**
 * Reads a connection URL as libpq does (https://www.postgresql.org/docs/current/libpq-connect.html), Unix sockets as
 * `postgres://user@%2Frun%2Fpostgresql/immich` or `postgresql:///immich?host=/run/postgresql` included.
 * @param ca PEM text of the authorities to trust; it wins over the file that `sslrootcert` names.
 * @throws UserError when the URL cannot be read. No message repeats the URL: it holds the password.
 */
export function parseDatabaseUrl(url: string, ca?: string): DatabaseSettings {
  const parts = urlParts.exec(url)
  if (!parts) throw invalid('it is not of the form postgres://user:password@host:5432/database')
  const [, credentials = '', place = '', path = '', query = ''] = parts
  const hostAndPort = hostParts.exec(place)
  if (!hostAndPort) throw invalid('its host is not one host with at most one port')
  const parameters = readParameters(query)
  const colon = credentials.indexOf(':')
  const user = parameters.get('user') ?? decode(colon < 0 ? credentials : credentials.slice(0, colon), 'user')
  if (user === '') throw invalid('it names no user')
  return {
    host:
      parameters.get('host') ??
      (decode((hostAndPort[1] ?? '').replace(/^\[|\]$/g, ''), 'host') || 'localhost'),
    port: parsePort(parameters.get('port') ?? (hostAndPort[2] || '5432'), 'The port in the database URL'),
    user,
    password:
      parameters.get('password') ??
      (colon < 0 ? undefined : decode(credentials.slice(colon + 1), 'password')),
    database: parameters.get('dbname') ?? (decode(path, 'database') || user),
    tls: tlsSettings(
      parameters.get('sslmode') ?? parameters.get('ssl') ?? 'prefer',
      ca ?? readAuthority(parameters.get('sslrootcert')),
      'sslmode in the database URL',
    ),
  }
}

function readParameters(query: string): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const pair of query.split('&').filter(Boolean)) {
    const equals = pair.indexOf('=')
    if (equals < 0) throw invalid('one of its parameters has no value')
    const name = decode(pair.slice(0, equals), 'parameters')
    if (ignored.has(name)) continue
    if (!understood.has(name)) {
      throw invalid(`it has a parameter that Safelight does not support: ${JSON.stringify(name)}`)
    }
    parameters.set(name, decode(pair.slice(equals + 1), name))
  }
  return parameters
}

/** `system` is libpq's word for the machine's own authorities, which we take anyway when none is named. */
function readAuthority(file: string | undefined): string | undefined {
  if (file === undefined || file === 'system') return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UserError(`cannot read the certificate file that sslrootcert names: ${errorMessage(error)}`, {
      cause: error,
    })
  }
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // The decoder's own error is dropped: it may quote the text.
    throw invalid(`its ${part} has a % that is not followed by two hexadecimal digits`)
  }
}

function invalid(why: string): UserError {
  return new UserError(`the database URL cannot be used: ${why}`, {
    hint: 'Characters such as @ : / ? # % in a user name or password are written percent-encoded, for example %40 for @.',
  })
}
