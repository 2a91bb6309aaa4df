/* What a person is told of the database and the tools for it, where no other test needs it. */
import { DatabaseError } from 'pg'
import { expect, test } from 'vitest'
import { explainConnectError, explainQueryError } from '../../src/immich/databaseErrors.ts'
import { parseDatabaseUrl } from '../../src/immich/databaseUrl.ts'
import { readInstallation } from '../../src/immich/installation.ts'
import { failureAmong } from '../support/otherMounts.ts'

const settings = parseDatabaseUrl('postgres://immich:hunter2@db.example:5433/photos')

function systemError(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code })
}

test.each([
  ['ENOTFOUND', 'Check the host name.'],
  ['ECONNREFUSED', 'Nothing listens there.'],
  ['28P01', 'Check user name and password.'],
  ['3D000', 'Check the database’s name.'],
  ['57P03', 'The server is starting up'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'does not satisfy the TLS mode'],
  ['EHOSTUNREACH', 'Check the database’s host, port and TLS mode.'],
])('a connection that fails with %s is told with what to look at', (code, hint) => {
  expect(explainConnectError(systemError(code), settings)).toMatchObject({
    message: `cannot connect to database "photos" as "immich" at db.example:5433: connect ${code}`,
    hint: expect.stringContaining(hint),
    exitCode: 1,
  })
})

test.each([
  ['42501', 'the database refuses to be read: permission denied'],
  ['55P03', 'a table of the database stayed locked: permission denied'],
  ['57P01', 'the database server ended the connection: permission denied'],
])('a query that fails with %s is told', (code, message) => {
  const error = Object.assign(new DatabaseError('permission denied', 1, 'error'), { code })
  expect(explainQueryError(error)).toMatchObject({ message, exitCode: 1 })
})

test('a certificate file that is not there is told', () => {
  expect(() => parseDatabaseUrl('postgres://u@h/d?sslrootcert=/no/such.pem')).toThrow(
    'cannot read the certificate file that sslrootcert names: ENOENT',
  )
})

test('a folder that is no installation of Immich is told', async () => {
  await expect(readInstallation('/proc')).rejects.toMatchObject({
    message: '/proc is no installation of Immich',
    hint: expect.stringContaining('UPLOAD_LOCATION'),
  })
})

test('without the tools of Postgres, the ones to install are told', async () => {
  const empty = 'if [ -d /usr/lib/postgresql ]; then mount -t tmpfs none /usr/lib/postgresql; fi'
  expect(await failureAmong(empty, 'immich/tools.ts', 'module.findPsql()')).toBe('no psql was found\n')
  expect(await failureAmong(empty, 'immich/tools.ts', 'module.findPgDump(16)')).toBe(
    'pg_dump 16 is needed, the major version of the database server; no pg_dump was found\n',
  )
})
