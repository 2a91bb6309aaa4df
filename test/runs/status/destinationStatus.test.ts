/* What is overdue, what failed, what is under way: judged from what was found out. */
import { describe, expect, test } from 'vitest'
import { destinationStatus } from '../../../src/runs/status/destinationStatus.ts'
import type { DestinationFacts } from '../../../src/runs/status/facts.ts'
import { leftOut } from '../../../src/runs/status/leftOut.ts'
import { overallStatus, statusExitCode } from '../../../src/runs/status/overallStatus.ts'
import { dump, facts, job, noChanges, now, record, report, run, verification } from './facts.ts'

const hours = 3600_000

/** The kinds of problems, with their severities, the worst first. */
function problemsOf(found: DestinationFacts, at = now): string[] {
  return destinationStatus(found, at).problems.map(({ kind, severity }) => `${kind} ${severity}`)
}

/** How this machine remembers the end of a run, shortly after its report was stored. */
function resultOf(exitCode: number) {
  const ended = new Date('2026-11-21T03:01:00.400Z')
  return { destination: 'disk', ended, exitCode, snapshot: null, error: 'as this machine tells it' }
}

function coverageAt(time: string) {
  return destinationStatus(facts(), new Date(time)).verification?.coverage
}

test('a good backup of last night is well', () => {
  expect(destinationStatus(facts(), now)).toMatchObject({
    health: 'good',
    problems: [],
    age: 3 * hours + 11 * 60_000 + 9000,
    due: new Date('2026-11-22T04:00:51Z'),
    current: undefined,
    ended: [],
    unprotected: [],
  })
})

describe('overdue', () => {
  const created = Date.parse(record().created)

  test('is a backup that is older than it may be, and not a second sooner', () => {
    expect(problemsOf(facts(), new Date(created + 26 * hours))).toEqual([])
    expect(problemsOf(facts(), new Date(created + 26 * hours + 1))).toEqual(['overdue bad'])
    expect(problemsOf(facts({ expectEveryMs: 2 * hours }))).toEqual(['overdue bad'])
  })

  test('is a destination without any backup', () => {
    expect(problemsOf(facts({ vault: { lastGood: undefined, reports: [] } }))).toEqual(['never bad'])
  })

  test('are files that newer backups left out, once they are old enough', () => {
    const old = record({ filesTaken: '2026-11-18T02:00:00.000Z' })
    expect(problemsOf(facts({ vault: { lastGood: old } }))).toEqual(['overdue bad'])
    const younger = record({ filesTaken: '2026-11-20T12:00:00.000Z' })
    expect(problemsOf(facts({ vault: { lastGood: younger } }))).toEqual([])
    const never = record({ filesTaken: null })
    expect(problemsOf(facts({ vault: { lastGood: never } }))).toEqual(['overdue bad'])
  })

  test('is a dump that newer backups left out, or that there never was, unless none is wanted', () => {
    for (const database of [dump('2026-11-18T02:00:00.000Z'), null]) {
      const vault = { lastGood: record({ database }) }
      expect(problemsOf(facts({ vault }))).toEqual(['overdue bad'])
      expect(problemsOf(facts({ vault, wantsDatabase: false }))).toEqual([])
    }
  })

  test('is no first backup that took longer than it may be old', () => {
    const long = record({ started: '2026-11-18T02:00:00.000Z', filesTaken: '2026-11-18T02:00:00.000Z' })
    const lastGood = { ...long, database: dump('2026-11-18T02:00:10.000Z') }
    expect(problemsOf(facts({ vault: { lastGood } }))).toEqual([])
  })

  test('can’t be told where a clock is wrong, which is told instead', () => {
    const lastGood = record({ created: '2026-11-21T09:00:00.000Z' })
    expect(problemsOf(facts({ vault: { lastGood } }))).toEqual(['clock attention'])
  })
})

describe('runs without a snapshot', () => {
  const failed = report({
    runId: 'f'.repeat(16),
    started: '2026-11-21T03:00:00.000Z',
    finished: '2026-11-21T03:01:00.000Z',
    outcome: 'failed',
    error: 'the bucket is gone',
  })
  const stopped = { ...failed, runId: 'e'.repeat(16), outcome: 'interrupted' as const }

  test('that failed are bad until one is good again', () => {
    const found = facts({ vault: { reports: [failed, report()] } })
    expect(destinationStatus(found, now)).toMatchObject({
      health: 'bad',
      problems: [{ kind: 'failed', message: 'the last run failed: the bucket is gone' }],
      ended: [{ outcome: 'failed', error: 'the bucket is gone' }],
    })
    const before = { ...failed, finished: '2026-11-21T01:00:00.000Z' }
    expect(problemsOf(facts({ vault: { reports: [report(), before] } }))).toEqual([])
  })

  test('that were stopped are told, and nothing else', () => {
    expect(problemsOf(facts({ vault: { reports: [stopped, report()] } }))).toEqual(['interrupted note'])
    expect(problemsOf(facts({ vault: { reports: [stopped, failed, report()] } }))).toEqual(['failed bad'])
  })

  test('are none when they are tries of the run that is under way', () => {
    const started = new Date(failed.started)
    const going = run({ started, jobs: [job('library', { state: 'RUNNING' })] })
    const found = facts({ vault: { reports: [failed, report()] }, runs: [going] })
    expect(destinationStatus(found, now)).toMatchObject({ health: 'good', ended: [] })
  })

  test('are told once, when this machine knows of them as well', () => {
    const own = run({ state: 'FAILED', results: [resultOf(1)] })
    const both = destinationStatus(facts({ vault: { reports: [failed, report()] }, runs: [own] }), now)
    expect(both.ended).toMatchObject([{ error: 'the bucket is gone' }])
    const only = destinationStatus(facts({ runs: [own] }), now)
    expect(only.ended).toMatchObject([{ outcome: 'failed', error: 'as this machine tells it' }])
    const refused = run({ state: 'FAILED', results: [resultOf(11)] })
    expect(problemsOf(facts({ runs: [refused] }))).toEqual([])
    const cancelled = run({ state: 'INTERRUPTED', results: [resultOf(130)] })
    expect(problemsOf(facts({ runs: [cancelled] }))).toEqual(['interrupted note'])
  })
})

describe('a run that is under way', () => {
  const jobs = [job('database', { state: 'COMPLETED' }), job('library', { state: 'RUNNING' })]
  const checkpoint = record({
    complete: false,
    sequence: 13,
    runId: 'c'.repeat(16),
    started: '2026-11-21T05:00:00.000Z',
    created: '2026-11-21T05:10:00.000Z',
    changes: { ...noChanges, storedBytes: 5e9 },
  })

  test('here is known with its jobs', () => {
    const { current, health } = destinationStatus(facts({ runs: [run({ jobs })] }), now)
    expect(current).toMatchObject({ source: 'state', jobs: [{ source: 'database' }, { source: 'library' }] })
    expect(health).toBe('good')
  })

  test('of another destination is none of this one', () => {
    const others = jobs.map((each) => ({ ...each, destination: 'cloud' }))
    expect(destinationStatus(facts({ runs: [run({ jobs: others })] }), now).current).toBeUndefined()
  })

  test('has died when it is no longer alive, as long as nothing good came after it', () => {
    const dead = run({ jobs, isLive: false, state: 'INTERRUPTED' })
    const status = destinationStatus(facts({ runs: [dead] }), now)
    expect(status).toMatchObject({ current: undefined, health: 'good' })
    expect(status.problems).toMatchObject([
      { kind: 'stale', message: expect.stringContaining('on nas died before it was done with library;') },
    ])
    const older = { ...dead, started: new Date('2026-11-20T02:00:00Z') }
    expect(problemsOf(facts({ runs: [older] }))).toEqual([])
  })

  test('is not hidden by one that found it at work', () => {
    const result = { destination: 'disk', ended: now, exitCode: 11, snapshot: null, error: 'locked' }
    const refused = run({ id: 8, jobs, results: [result], state: 'FAILED', isLive: false })
    expect(destinationStatus(facts({ runs: [refused, run({ jobs })] }), now).current).toMatchObject({
      source: 'state',
    })
  })

  test('elsewhere is known by its last checkpoint, until that is too old', () => {
    const { current } = destinationStatus(facts({ vault: { checkpoint } }), now)
    expect(current).toMatchObject({ source: 'checkpoint', storedBytes: 5e9, jobs: [] })
    const later = new Date('2026-11-21T05:41:00Z')
    expect(problemsOf(facts({ vault: { checkpoint } }), later)).toEqual(['stale note'])
  })

  test('is over once its report is there', () => {
    const end = report({ runId: checkpoint.runId, outcome: 'interrupted', finished: checkpoint.created })
    const status = destinationStatus(facts({ vault: { checkpoint, reports: [end, report()] } }), now)
    expect(status.current).toBeUndefined()
    expect(status.problems).toMatchObject([{ kind: 'interrupted' }])
  })
})

describe('the last good backup', () => {
  const unreadable = record({
    changes: { ...noChanges, unreadable: 2, deferred: 3 },
    crossCheck: { expected: 507, missing: 1, mismatched: 0, assets: 130 },
    warnings: [
      '2 files could not be read; what was stored before is kept in the snapshot',
      '1 file named by the database and not there',
      '4 files skipped: sockets, devices, pipes or other file systems',
      'something else',
    ],
  })
  const examples = [{ kind: 'unreadable' as const, path: 'upload/x.jpg', reason: 'EACCES' }]

  test('lacks what could not be read, by name, and says each thing once', () => {
    const reports = [report({ exitCode: 3, skipped: 4, examples })]
    const status = destinationStatus(facts({ vault: { lastGood: unreadable, reports } }), now)
    expect(status.health).toBe('attention')
    expect(status.unprotected.map(({ kind, files }) => `${files} ${kind}`)).toEqual([
      '2 unreadable',
      '1 missing',
      '4 skipped',
      '3 deferred',
    ])
    expect(status.unprotected[0]?.examples).toEqual([{ path: 'upload/x.jpg', reason: 'EACCES' }])
    expect(status.warnings).toEqual(['something else'])
  })

  test('tells the same without its report, but for names and what was skipped', () => {
    const status = destinationStatus(facts({ vault: { lastGood: unreadable, reports: [] } }), now)
    expect(status.health).toBe('attention')
    expect(status.unprotected.map(({ kind }) => kind)).toEqual(['unreadable', 'missing', 'deferred'])
    expect(status.warnings).toEqual([
      '4 files skipped: sockets, devices, pipes or other file systems',
      'something else',
    ])
  })

  test('asks for a look after a sharp drop', () => {
    const lastGood = record({ sharpDrop: true, warnings: ['files dropped sharply, from 10 to 1'] })
    expect(problemsOf(facts({ vault: { lastGood } }))).toEqual(['partial attention'])
  })
})

describe('the vault', () => {
  test('that can’t be looked at is bad, and this machine tells what it remembers', () => {
    const unreachable = { message: 'no route', hint: undefined }
    const status = destinationStatus(facts({ vault: undefined, unreachable, remembered: record() }), now)
    expect(status).toMatchObject({ health: 'bad', location: undefined, lastGood: { sequence: 12 } })
    expect(status.problems).toMatchObject([{ kind: 'unreachable', message: 'no route' }])
    expect(problemsOf(facts({ vault: undefined, unreachable }))).toEqual(['unreachable bad'])
  })

  test('that hides or damaged something is bad', () => {
    const damagedRecords = [{ id: { sequence: 13, runId: 'a'.repeat(16) }, message: 'altered' }]
    const hidden = { message: 'it is gone', hint: 'look for it' }
    expect(problemsOf(facts({ vault: { hidden, damagedRecords } }))).toEqual(['hidden bad', 'damaged bad'])
  })

  test('that hides all snapshots is not one that never had any', () => {
    const hidden = { message: 'it is gone', hint: 'look for it' }
    const { problems } = destinationStatus(facts({ vault: { hidden, lastGood: undefined } }), now)
    expect(problems).toEqual([{ kind: 'hidden', severity: 'bad', ...hidden }])
  })

  test('that tells less to these credentials is well, with a note', () => {
    const vault = { reports: [], verification: undefined, denied: ['the reports of runs', 'verifications'] }
    expect(destinationStatus(facts({ vault }), now)).toMatchObject({
      health: 'good',
      problems: [{ kind: 'denied', message: expect.stringContaining('reports of runs and verifications') }],
    })
  })
})

describe('verification', () => {
  test('counts what was read back within 90 days, by the day it is asked', () => {
    expect(coverageAt('2026-11-21T05:00:00Z')).toEqual({ objects: 1000, read: 940, stored: 940 })
    expect(coverageAt('2026-12-30T00:00:00Z')).toEqual({ objects: 1000, read: 940, stored: 940 })
    expect(coverageAt('2026-12-31T00:00:00Z')).toEqual({ objects: 1000, read: 200, stored: 200 })
    expect(coverageAt('2027-03-01T00:00:00Z')).toEqual({ objects: 1000, read: 0, stored: 0 })
  })

  test('that found damage is bad', () => {
    const damaged = [{ key: 'packs/1', problem: 'it was altered' }]
    const found = facts({ vault: { verification: verification({ outcome: 'damaged', damaged }) } })
    expect(destinationStatus(found, now)).toMatchObject({
      health: 'bad',
      problems: [
        { message: 'the verification of 2026-11-20 found damage, first of all in packs/1: it was altered' },
      ],
    })
  })
})

test('the worst destination decides how all stand', () => {
  const well = facts()
  const odd = facts({ vault: { lastGood: record({ sharpDrop: true }) } })
  const late = facts({ expectEveryMs: hours })
  const exits = [[well], [well, odd], [well, odd, late]].map((all) => statusExitCode(overallStatus(all, now)))
  expect(exits).toEqual([0, 3, 1])
})

test('what the configuration leaves out is told with its reason', () => {
  const include = ['library', 'profile', 'backups', 'encoded-video']
  expect(
    leftOut({ include, ignore: ['**/.DS_Store'], database: false }).map(({ what, why }) => [what, why]),
  ).toEqual([
    ['upload', 'not in `include`; nothing can make it again'],
    ['thumbs', 'Immich makes it again'],
    ['database', '`database: false`; without it the files have no albums, people or users'],
    ['**/.DS_Store', 'files that `ignore` names'],
  ])
})
