/* Ends of backups, as the decisions about telling see them. */
import type { Alarm } from '../../../src/notify/alarms.ts'
import type { News } from '../../../src/notify/news.ts'
import { Tally } from '../../../src/runs/backup/tally.ts'
import type { Occasion } from '../../../src/runs/telling/occasion.ts'
import type { FailedEnd, MadeEnd } from '../../../src/runs/telling/toldEnd.ts'
import { exitCodes } from '../../../src/shared/errors.ts'
import type { SnapshotRecord } from '../../../src/vault/record.ts'

export const hour = 3_600_000
export const day = 24 * hour
export const now = new Date('2026-11-21T03:21:09Z')

const record = {
  host: 'main',
  runId: '0123456789abcdef',
  sequence: 7,
  started: '2026-11-21T03:17:00.000Z',
  created: '2026-11-21T03:21:04.000Z',
  complete: true,
  immich: { version: '3.1.0', source: 'database' },
  database: null,
  restorePoint: { sequence: 6, runId: 'fedcba9876543210', files: 48_000, assets: 16_000 },
  counts: { files: 48_210, bytes: 312_400_000_000, directories: 900, symlinks: 0 },
  changes: {
    added: 12,
    changed: 1,
    archived: 2,
    storedContents: 13,
    storedBytes: 84_000_000,
    unreadable: 0,
    unstable: 0,
    deferred: 0,
  },
  crossCheck: { expected: 16_010, missing: 0, mismatched: 0, assets: 16_010 },
  sharpDrop: false,
  warnings: [],
} as unknown as SnapshotRecord

/** A backup that made a snapshot, a day after the last one. */
export function made(
  destination: string,
  { warnings = [], ...more }: Partial<MadeEnd> & { warnings?: string[] } = {},
): MadeEnd {
  const isPartial = warnings.length > 0
  const own = more.record ?? record
  return {
    destination,
    outcome: 'made',
    result: {
      exitCode: isPartial ? exitCodes.partial : exitCodes.done,
      location: `/mnt/${destination}`,
      snapshot: { key: 'key', sha256: Buffer.alloc(32), size: 1, record: own },
      tally: new Tally(),
      toRead: { files: 0, bytes: 0 },
      warnings,
      previous: undefined,
    },
    record: own,
    expectEveryMs: 26 * hour,
    previous: new Date(now.getTime() - day),
    isRemembered: true,
    isPartial,
    ...more,
  }
}

/** The record of a snapshot with other fields. */
export function recordWith(fields: Partial<SnapshotRecord>): SnapshotRecord {
  return { ...record, ...fields }
}

export function failed(destination: string, more: Partial<FailedEnd> = {}): FailedEnd {
  return {
    destination,
    outcome: 'failed',
    message: 'the bucket photos is gone',
    hint: undefined,
    exitCode: exitCodes.failed,
    expectEveryMs: 26 * hour,
    lastGood: new Date(now.getTime() - day),
    ...more,
  }
}

export function occasionWith(alarms: Record<string, Alarm> = {}, at = now): Occasion {
  return { host: 'main', now: at, alarms: new Map(Object.entries(alarms)) }
}

/** Kinds of events, and the destinations of each. */
export function told(news: readonly News[]): string[] {
  return news.flatMap(({ event }) => {
    if (!event) return []
    if (event.kind === 'verification-failure') return [`${event.kind} ${event.destination}`]
    const about = event.kind === 'failure' ? event.failed : event.destinations
    return [`${event.kind} ${about.map(({ destination }) => destination).join(' ')}`]
  })
}

/** What is remembered when everything, or nothing, gets through. */
export function remembered(
  news: readonly News[],
  before: Occasion,
  outcome: 'told' | 'untold' = 'told',
): Record<string, Alarm> {
  const alarms = new Map(before.alarms)
  for (const { event, notes } of news) {
    for (const note of notes) {
      const alarm = event ? note[outcome] : note.told
      if (alarm) alarms.set(note.alarm, alarm)
      else alarms.delete(note.alarm)
    }
  }
  return Object.fromEntries(alarms)
}
