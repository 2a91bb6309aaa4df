import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDatabaseUrl } from '../../src/immich/databaseUrl.ts'
import { describeDatabase, settingsFromImmich } from '../../src/immich/settings.ts'

function messageOf(action: () => unknown): string {
  try {
    action()
    return ''
  } catch (error) {
    return String(error)
  }
}

test('a whole URL', () => {
  expect(parseDatabaseUrl('postgresql://me:s%40cret@db.example:6432/photos?sslmode=verify-full')).toEqual({
    host: 'db.example',
    port: 6432,
    user: 'me',
    password: 's@cret',
    database: 'photos',
    tls: { mode: 'verify-full', ca: undefined },
  })
})

test('any user, password and database come through percent-encoding', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 })
  fc.assert(
    fc.property(text, text, text, (user, password, database) => {
      const url = `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@h/${encodeURIComponent(database)}`
      expect(parseDatabaseUrl(url)).toMatchObject({ user, password, database, host: 'h', port: 5432 })
    }),
  )
})

test('what is left out has libpq’s default', () => {
  expect(parseDatabaseUrl('postgres://me@db')).toEqual({
    host: 'db',
    port: 5432,
    user: 'me',
    password: undefined,
    database: 'me',
    tls: { mode: 'prefer', ca: undefined },
  })
})

test.each([
  ['postgres://me@%2Frun%2Fpostgresql/photos', '/run/postgresql'],
  ['postgresql:///photos?host=/run/postgresql&user=me', '/run/postgresql'],
  ['postgres://me:secret@/photos?host=%2Frun%2Fpostgresql', '/run/postgresql'],
  ['postgres://me@[2001:db8::1]:5432/photos', '2001:db8::1'],
  ['postgres://me@10.0.0.7/photos', '10.0.0.7'],
])('%s is at %s', (url, host) => {
  expect(parseDatabaseUrl(url)).toMatchObject({ host, user: 'me', database: 'photos' })
})

test.each([
  ['require', { mode: 'require' }],
  ['no-verify', { mode: 'require' }],
  ['allow', { mode: 'prefer' }],
  ['disable', { mode: 'disable' }],
])('sslmode=%s, with and without uselibpqcompat', (mode, tls) => {
  expect(parseDatabaseUrl(`postgres://me@db/x?sslmode=${mode}`).tls).toMatchObject(tls)
  expect(parseDatabaseUrl(`postgres://me@db/x?uselibpqcompat=true&sslmode=${mode}`).tls).toMatchObject(tls)
})

test('with an authority named, require verifies, as libpq does', () => {
  expect(parseDatabaseUrl('postgres://me@db/x?sslmode=require', 'PEM').tls).toEqual({
    mode: 'verify-ca',
    ca: 'PEM',
  })
})

describe('refused', () => {
  test.each([
    ['mysql://me:hunter2@db/x', 'not of the form postgres://'],
    ['postgres://me:hunter2@one,two/x', 'not one host'],
    ['postgres://me:hunter2@db:port/x', 'not one host'],
    ['postgres://me:hunter2@db:99999/x', 'a port from 1 to 65535'],
    ['postgres://me:hun%ter2@db/x', 'its password has a %'],
    ['postgres://:hunter2@db/x', 'names no user'],
    [
      'postgres://me:hunter2@db/x?sslmode=maybe',
      'sslmode in the database URL must be one of disable, prefer',
    ],
    ['postgres://me:hunter2@db/x?sslmode=verify-ca', 'needs the certificate'],
    ['postgres://me:hunter2@db/x?sslkey=/k.pem', '"sslkey"'],
    ['postgres://me:hunter2@db/x?options', 'has no value'],
    ['postgres://me:hunter2@db/x?sslrootcert=/no/such/file', 'sslrootcert names'],
    ['postgres://me:hun/ter2@db/x', 'a port|not one host'],
  ])('%s', (url, why) => {
    const parse = () => parseDatabaseUrl(url)
    expect(parse).toThrow(new RegExp(why.replace(/[:/?]/g, '\\$&')))
    expect(parse).toThrow(expect.objectContaining({ name: 'UserError' }))
    expect(parse).not.toThrow(/hunter2|hun|ter2/)
  })

  test('whatever is wrong with it, a message never repeats the URL’s password', () => {
    const secret = 'Zq9wK7pX'
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (before, middle, after) => {
        const parse = () => parseDatabaseUrl(`postgres://${before}:${middle}${secret}@${after}`)
        expect(messageOf(parse)).not.toContain(secret)
      }),
    )
  })
})

describe('Immich’s own variables', () => {
  test('absent ones have Immich’s defaults', () => {
    expect(settingsFromImmich({})).toEqual({
      host: 'database',
      port: 5432,
      user: 'postgres',
      password: 'postgres',
      database: 'immich',
      tls: { mode: 'prefer', ca: undefined },
    })
  })

  test('a bad one is named', () => {
    expect(() => settingsFromImmich({ DB_PORT: 'five' })).toThrow('DB_PORT must be a port')
    expect(() => settingsFromImmich({ DB_SSL_MODE: 'yes' })).toThrow('DB_SSL_MODE must be one of')
  })

  test('what is said of a database for people holds no password', () => {
    const settings = settingsFromImmich({ DB_PASSWORD: 'hunter2', DB_HOSTNAME: '/run/postgresql' })
    expect(describeDatabase(settings)).toBe(
      'database "immich" as "postgres" at /run/postgresql/.s.PGSQL.5432',
    )
  })
})
