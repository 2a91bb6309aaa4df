/* What status shows, on a screen of 80 columns. */
import { describe, expect, test } from 'vitest'
import { statusReport } from '../../src/cli/output/statusReport.ts'
import type { DestinationFacts } from '../../src/runs/status/facts.ts'
import { leftOut, type LeftOut } from '../../src/runs/status/leftOut.ts'
import { overallStatus } from '../../src/runs/status/overallStatus.ts'
import { facts, job, noChanges, now, record, report, run, verification } from '../runs/status/facts.ts'

const plain = { columns: 80, style: (_: unknown, text: string) => text }

function shown(found: DestinationFacts | DestinationFacts[], left: LeftOut[] = []): string {
  const text = statusReport(overallStatus([found].flat(), now), left, plain)
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
  return `\n${text}\n`
}

test('all is well', () => {
  const left = leftOut({ include: ['library', 'upload', 'profile', 'backups'], ignore: [], database: {} })
  expect(shown(facts(), left)).toMatchInlineSnapshot(`
    "
    disk: good, last good backup 3 h 11 min ago
      snapshot   12-3f42e71d91374bc4, 2026-11-21 02:00:51 UTC
      protects   511 files, 51.4 MiB
      database   Immich 3.1.0, dumped 2026-11-21 02:00:07 UTC
      next       expected by 2026-11-22 04:00:51 UTC
      verified   94 % read back within 90 days; last on 2026-11-20
      lies at    /mnt/vault

    Left out of every backup: thumbs, encoded-video (Immich makes it again)
    "
  `)
})

test('a backup that is under way here', () => {
  const jobs = [
    job('database', { state: 'COMPLETED' }),
    job('library', {
      state: 'RUNNING',
      filesDone: 1234,
      filesTotal: 5000,
      bytesDone: 12 * 1024 ** 3,
      bytesTotal: 30 * 1024 ** 3,
      speed: 42_000_000,
    }),
    job('upload', {
      state: 'RUNNING',
      filesTotal: 3,
      bytesTotal: 2 * 1024 ** 3,
      error: 'the server closed the connection',
      retries: 1,
    }),
    job('profile', { state: 'RUNNING' }),
    job('backups'),
  ]
  expect(shown(facts({ runs: [run({ jobs })] }))).toMatchInlineSnapshot(`
    "
    disk: good, last good backup 3 h 11 min ago
      running    for 12 min 00 s, as of 20 s ago
      done       database
      at work    library: 40 %  1,234 of 5,000 files  12.0 GiB of 30.0 GiB
      at work    upload: 0 %  0 of 3 files  0 B of 2.00 GiB
                 40.1 MiB/s, 8 min 31 s left
      unchanged  profile, so far
      to come    backups
      trouble    upload, tried again: the server closed the connection
      snapshot   12-3f42e71d91374bc4, 2026-11-21 02:00:51 UTC
      protects   511 files, 51.4 MiB
      database   Immich 3.1.0, dumped 2026-11-21 02:00:07 UTC
      next       expected by 2026-11-22 04:00:51 UTC
      verified   94 % read back within 90 days; last on 2026-11-20
      lies at    /mnt/vault
    "
  `)
})

test('a first backup that is under way elsewhere', () => {
  const checkpoint = record({
    complete: false,
    runId: 'c'.repeat(16),
    started: '2026-11-21T03:00:00.000Z',
    created: '2026-11-21T05:10:00.000Z',
    changes: { ...noChanges, storedBytes: 5e9 },
  })
  const vault = { lastGood: undefined, reports: [], verification: undefined, checkpoint }
  expect(shown(facts({ vault }))).toMatchInlineSnapshot(`
    "
    disk: NO BACKUP YET
      problem    there is no complete backup yet
      running    for 2 h 12 min, as of 2 min 00 s ago: 4.66 GiB stored elsewhere
      verified   never; safelight verify-restore does it
      lies at    /mnt/vault
    "
  `)
})

test('what is overdue, and why', () => {
  const failed = report({
    runId: 'f'.repeat(16),
    finished: '2026-11-21T02:01:00.000Z',
    outcome: 'failed',
    error: 'gave up after 8 tries over 10 min: https://s3.example.com did not answer',
  })
  const lastGood = record({ created: '2026-11-18T02:00:51.000Z' })
  const reports = [failed, report({ ...failed, runId: 'e'.repeat(16) }), report()]
  expect(shown(facts({ vault: { lastGood, reports } }))).toMatchInlineSnapshot(`
    "
    disk: OVERDUE, last good backup 3 d 03 h ago
      problem    no good backup for 3 d 03 h; one is expected every 1 d 02 h
      problem    the last 2 runs failed, most recently: gave up after 8 tries over
                 10 min: https://s3.example.com did not answer
      snapshot   12-3f42e71d91374bc4, 2026-11-18 02:00:51 UTC
      protects   511 files, 51.4 MiB
      database   Immich 3.1.0, dumped 2026-11-21 02:00:07 UTC
      next       was expected by 2026-11-19 04:00:51 UTC
      verified   94 % read back within 90 days; last on 2026-11-20
      lies at    /mnt/vault
    "
  `)
})

test('what the last good backup lacks', () => {
  const lastGood = record({
    changes: { ...noChanges, unreadable: 5, deferred: 1 },
    crossCheck: { expected: 507, missing: 2, mismatched: 1, assets: 130 },
    warnings: [
      '5 files could not be read; what was stored before is kept in the snapshot',
      '1 file with another SHA-1 than Immich wrote down: perhaps damaged before the backup',
      '2 files named by the database and not there',
    ],
  })
  const examples = [
    ...[1, 2, 3, 4, 5].map((n) => ({
      kind: 'unreadable' as const,
      path: `library/ada/2019/07/IMG_000${n}.jpg`,
      reason: 'EACCES',
    })),
    { kind: 'missing' as const, path: 'upload/\u001b[2J.jpg', reason: 'the database names it' },
  ]
  const vault = { lastGood, reports: [report({ exitCode: 3, mismatched: 1, examples })] }
  expect(shown(facts({ vault }))).toMatchInlineSnapshot(`
    "
    disk: needs a look, last good backup 3 h 11 min ago
      problem    the last good backup lacks 5 files that could not be read
      snapshot   12-3f42e71d91374bc4, 2026-11-21 02:00:51 UTC
      protects   511 files, 51.4 MiB
      database   Immich 3.1.0, dumped 2026-11-21 02:00:07 UTC
      lacks      5 files, unreadable: library/ada/2019/07/IMG_0001.jpg (EACCES),
                 library/ada/2019/07/IMG_0002.jpg (EACCES),
                 library/ada/2019/07/IMG_0003.jpg (EACCES), ...
      lacks      2 files, named by the database but not there: upload/\\x1b[2J.jpg,
                 ...
      lacks      1 file, perhaps still being uploaded: the next run takes them
      warning    1 file with another SHA-1 than Immich wrote down: perhaps damaged
                 before the backup
      next       expected by 2026-11-22 04:00:51 UTC
      verified   94 % read back within 90 days; last on 2026-11-20
      lies at    /mnt/vault
    "
  `)
})

describe('a vault', () => {
  test('that can’t be reached', () => {
    const hint = 'See why with: safelight check disk'
    const unreachable = { message: 'it did not answer within 30 seconds', hint }
    expect(shown(facts({ vault: undefined, unreachable, remembered: record() }))).toMatchInlineSnapshot(`
      "
      disk: OUT OF REACH, last good backup 3 h 11 min ago
        problem    it did not answer within 30 seconds
                   -> See why with: safelight check disk
        snapshot   12-3f42e71d91374bc4, 2026-11-21 02:00:51 UTC
        protects   511 files, 51.4 MiB
        database   Immich 3.1.0, dumped 2026-11-21 02:00:07 UTC
        next       expected by 2026-11-22 04:00:51 UTC
      "
    `)
  })

  test('that tells these credentials less, and was never verified beyond checksums', () => {
    const coverage = { objects: 1000, read: [], stored: [['2026-11-20', 940] as [string, number]] }
    const found = [
      facts({ vault: { reports: [], verification: undefined, denied: ['the reports of runs'] } }),
      facts({ destination: 'cloud', vault: { verification: verification({ level: 'checksum', coverage }) } }),
    ]
    expect(shown(found)).toMatchInlineSnapshot(`
      "
      disk: good, last good backup 3 h 11 min ago
        note       these credentials may not read the reports of runs: what they would
                   tell is not known here
        snapshot   12-3f42e71d91374bc4, 2026-11-21 02:00:51 UTC
        protects   511 files, 51.4 MiB
        database   Immich 3.1.0, dumped 2026-11-21 02:00:07 UTC
        next       expected by 2026-11-22 04:00:51 UTC
        verified   never; safelight verify-restore does it
        lies at    /mnt/vault

      cloud: good, last good backup 3 h 11 min ago
        snapshot   12-3f42e71d91374bc4, 2026-11-21 02:00:51 UTC
        protects   511 files, 51.4 MiB
        database   Immich 3.1.0, dumped 2026-11-21 02:00:07 UTC
        next       expected by 2026-11-22 04:00:51 UTC
        verified   0 % read back within 90 days, 94 % compared with checksums; last on
                   2026-11-20
        lies at    /mnt/vault
      "
    `)
  })
})
