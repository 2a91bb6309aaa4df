import { DatabaseError } from 'pg'
import { errorCode, errorMessage, UserError } from '../shared/errors.ts'
import { type DatabaseSettings, describeDatabase } from './settings.ts'

const tlsRefused = 'The server does not support SSL connections'

/** SQLSTATE classes and codes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const cannotConnectNow = '57P03'
const tooManyConnections = '53300'
const invalidAuthorization = '28000'
const insufficientPrivilege = '42501'
const lockNotAvailable = '55P03'

/** Whether the same connection attempt may work in a moment. */
export function isTransient(error: unknown): boolean {
  const code = errorCode(error)
  if (code === undefined) return errorMessage(error) === 'timeout expired'
  return transientCodes.has(code)
}

const transientCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  cannotConnectNow,
  tooManyConnections,
])

/**
 * Whether a connection that failed with TLS may work without: the server does not speak it, the handshake failed, or
 * `pg_hba.conf` lets this role in only without. A wrong password is wrong either way.
 */
export function isPlainWorthTrying(error: unknown): boolean {
  if (error instanceof DatabaseError) return error.code === invalidAuthorization
  const code = errorCode(error) ?? ''
  return errorMessage(error) === tlsRefused || code === 'EPROTO' || code.startsWith('ERR_SSL_')
}

/** Says which database could not be reached, why, and what to look at. */
export function explainConnectError(error: unknown, settings: DatabaseSettings): UserError {
  return new UserError(`cannot connect to ${describeDatabase(settings)}: ${errorMessage(error)}`, {
    hint: connectHint(error),
    temporary: isTransient(error),
    cause: error,
  })
}

function connectHint(error: unknown): string {
  const code = errorCode(error) ?? ''
  if (code in hints) return hints[code] ?? ''
  if (errorMessage(error) === tlsRefused)
    return 'Give the server a certificate, or choose the TLS mode prefer or disable.'
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return 'The server’s certificate does not satisfy the TLS mode. Name the authority that signed it as the database’s ca.'
  }
  return 'Check the database’s host, port and TLS mode.'
}

const hints: Readonly<Record<string, string>> = {
  ENOTFOUND: 'No such host. Check the host name.',
  EAI_AGAIN: 'The name service did not answer. Check the host name.',
  ECONNREFUSED: 'Nothing listens there. Check host and port, and that the server runs.',
  ENOENT: 'There is no socket of a running server in that folder.',
  '28P01': 'Check user name and password.',
  [invalidAuthorization]:
    'The server does not let this user in from here: check user name, pg_hba.conf and TLS mode.',
  '3D000': 'Check the database’s name.',
  [tooManyConnections]: 'The server has no connection left.',
  [cannotConnectNow]: 'The server is starting up or shutting down.',
}

/** Turns what a query failed with into what its reader can act on; anything else stays as it is. */
export function explainQueryError(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) {
    return new UserError(`the connection to the database was lost: ${errorMessage(error)}`, {
      temporary: true,
      cause: error,
    })
  }
  if (error.code === insufficientPrivilege) {
    return new UserError(`the database refuses to be read: ${error.message}`, {
      hint: 'The user needs to read every table, as Immich’s own user or a member of pg_read_all_data does.',
      cause: error,
    })
  }
  if (error.code === lockNotAvailable) {
    return new UserError(`a table of the database stayed locked: ${error.message}`, {
      hint: 'Immich may be migrating its database. Try again when it has started.',
      temporary: true,
      cause: error,
    })
  }
  // Class 57 is the server ending the connection by an operator's wish.
  if (error.code?.startsWith('57P')) {
    return new UserError(`the database server ended the connection: ${error.message}`, {
      temporary: true,
      cause: error,
    })
  }
  return error
}
