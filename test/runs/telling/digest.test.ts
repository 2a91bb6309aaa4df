import { describe, expect, test } from 'vitest'
import type { Alarm } from '../../../src/notify/alarms.ts'
import { digestNews, isDigestDue } from '../../../src/runs/telling/digest.ts'
import type { DestinationStatus } from '../../../src/runs/status/destinationStatus.ts'
import { hour, occasionWith, recordWith, remembered } from './ends.ts'

/** A Sunday and the Monday after it. */
const sunday = new Date('2026-11-22T23:59:00Z')
const monday = new Date('2026-11-23T00:01:00Z')
const friday = new Date('2026-11-27T03:00:00Z')

function toldAt(told: Date): Alarm {
  return { since: told, told, what: 'digest' }
}

describe('a digest is due', () => {
  test.each<[string, Alarm | undefined, Date | undefined, Date, boolean]>([
    ['with the first backup of a week', undefined, sunday, monday, true],
    ['not with the second', undefined, monday, friday, false],
    ['when the last one was told in an earlier week', toldAt(sunday), monday, friday, true],
    ['not when one was told this week', toldAt(monday), sunday, friday, false],
    ['not with the very first backup', undefined, undefined, friday, false],
    ['when the last one could not be told', { ...toldAt(friday), told: null }, sunday, friday, true],
  ])('%s', (_when, before, previous, now, due) => {
    expect(isDigestDue(before, previous, now)).toBe(due)
  })
})

const status: DestinationStatus = {
  destination: 'disk',
  location: '/mnt/disk',
  health: 'bad',
  problems: [
    { kind: 'overdue', severity: 'bad', message: 'no good backup for 3 d 00 h' },
    { kind: 'denied', severity: 'note', message: 'these credentials may not read verifications' },
  ],
  lastGood: recordWith({}),
  age: 72 * hour,
  expectEveryMs: 26 * hour,
  due: undefined,
  current: undefined,
  ended: [],
  unprotected: [],
  warnings: [],
  verification: {
    started: sunday,
    level: 'read',
    outcome: 'good',
    coverage: { objects: 1000, read: 949, stored: 1000 },
  },
}

test('a digest says what is there, what needs a look, and what was read back', () => {
  const { event, notes } = digestNews([status], occasionWith({}, friday))
  expect(event).toMatchObject({
    kind: 'digest',
    destinations: [
      {
        destination: 'disk',
        snapshot: { name: '7-0123456789abcdef', files: 48_210 },
        problems: ['no good backup for 3 d 00 h'],
        coverage: '94 % of all objects were read back within 90 days',
      },
    ],
  })
  const alarms = remembered([{ event, notes }], occasionWith({}, friday))
  expect(isDigestDue(alarms['digest'], undefined, friday)).toBe(false)
  expect(remembered([{ event, notes }], occasionWith({}, friday), 'untold')).toEqual({})
})
