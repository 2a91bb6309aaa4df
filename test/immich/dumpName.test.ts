import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { dumpName, immichRestoreName } from '../../src/immich/dumpName.ts'

const time = new Date('2026-07-20T02:00:00.123Z')
const label = { time, immichVersion: '3.1.0', postgresVersion: '14.19' }

/* What Immich does with names of dumps (server/src/utils/database-backups.ts). */
const acceptedByImmich = /^[\d\w-.]+\.sql(?:\.gz)?$/
const deletedByImmich = /^immich-db-backup-(?:\d+|\d{8}T\d{6}-v.*-pg.*)\.sql\.gz$/
const versionForImmich = (name: string) => /-v(.*)-/.exec(name)?.[1]

const seconds = ({ time }: { time: Date }) => Math.floor(time.getTime() / 1000)

const number = fc.nat({ max: 99 })
const labels = fc.record({
  time: fc.date({ noInvalidDate: true, min: new Date('1970-01-01'), max: new Date('9999-12-31') }),
  immichVersion: fc
    .tuple(number, number, number, fc.constantFrom('', '-rc.1', '-v2-beta'))
    .map(([major, minor, patch, suffix]) => `${major}.${minor}.${patch}${suffix}`),
  postgresVersion: fc
    .tuple(number, number, fc.constantFrom('', 'beta1', '-v1'))
    .map(([major, minor, suffix]) => `${major}.${minor}${suffix}`),
})

test('the names of one dump', () => {
  expect(dumpName(label, '0123456789abcdef')).toBe(
    '20260720T020000Z-immich-v3.1.0-pg14.19-0123456789abcdef.sql.gz',
  )
  expect(immichRestoreName(label)).toBe('uploaded-immich-db-backup-20260720T020000-v3.1.0-pg14.19.sql.gz')
})

test('Immich’s restore takes every name, and its retention leaves it alone', () => {
  fc.assert(
    fc.property(labels, (any) => {
      const name = immichRestoreName(any)
      expect(name).toMatch(acceptedByImmich)
      expect(name).toMatch(/^uploaded-/)
      expect(name).not.toMatch(deletedByImmich)
    }),
  )
})

test('Immich reads the version from the name, except one that it would take for a dump of the whole cluster', () => {
  fc.assert(
    fc.property(labels, (any) => {
      const [major = 0, minor = 0] = any.immichVersion.split('.').map(Number)
      const fromBefore25 = major < 2 || (major === 2 && minor < 5)
      const suffixless = any.immichVersion.split('-')[0] === any.immichVersion
      fc.pre(suffixless || !fromBefore25)
      expect(versionForImmich(immichRestoreName(any))).toBe(fromBefore25 ? undefined : any.immichVersion)
    }),
  )
})

test('names in the vault sort by time', () => {
  fc.assert(
    fc.property(labels, labels, (one, other) => {
      const [first, second] = [one, other].map((any) => dumpName(any, '0'.repeat(16)))
      fc.pre(seconds(one) !== seconds(other))
      expect((first ?? '') < (second ?? '')).toBe(seconds(one) < seconds(other))
    }),
  )
})

test.each(['', '3.1.0/..', '3 1', '../x', 'v"', '3.1.0\n'])('no name is made of the version %j', (bad) => {
  expect(() => dumpName({ ...label, immichVersion: bad }, 'run')).toThrow('is not a version')
  expect(() => immichRestoreName({ ...label, postgresVersion: bad })).toThrow('is not a version')
})
