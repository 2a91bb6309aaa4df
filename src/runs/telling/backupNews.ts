import { isDue } from '../../notify/alarms.ts'
import type { EventOf } from '../../notify/event.ts'
import type { News, Note } from '../../notify/news.ts'
import { exitCodes } from '../../shared/errors.ts'
import { recordName } from '../../vault/snapshots.ts'
import { alarmName, raised } from './alarmNotes.ts'
import { oldestPart } from '../status/overdue.ts'
import { aboutADay, aboutAWeek, type Occasion } from './occasion.ts'
import { isOverdue, overdueNews, type Freshness } from './overdueNews.ts'
import { snapshotFacts, type FailedEnd, type MadeEnd, type ToldEnd } from './toldEnd.ts'

/** What is to be told of a backup that has ended, and what to remember of it. */
export function backupNews(ends: readonly ToldEnd[], occasion: Occasion): News[] {
  const failed = ends.filter((end) => end.outcome === 'failed')
  const made = ends.filter((end) => end.outcome === 'made')
  return [
    ...failureNews(failed, made, occasion),
    ...recoveryNews(made, occasion),
    ...firstNews(made, occasion),
    ...sharpDropNews(made, occasion),
    ...partialNews(made, occasion),
    ...overdueNews(made.filter(lacksLong).map(freshnessOf), occasion),
  ]
}

/** The same failure once a day. */
function failureNews(failed: readonly FailedEnd[], made: readonly MadeEnd[], occasion: Occasion): News[] {
  const { host, now, alarms } = occasion
  const due = failed.filter(({ destination, exitCode }) =>
    isDue(alarms.get(alarmName('failure', destination)), String(exitCode), now, aboutADay),
  )
  if (due.length === 0) return []
  const event: EventOf<'failure'> = {
    kind: 'failure',
    host,
    now,
    failed: due.map(({ destination, message, hint, lastGood, exitCode }) => {
      const isInDoubt = exitCode === exitCodes.noVault || exitCode === exitCodes.wrongKey
      return { destination, message, hint, lastGood, isInDoubt }
    }),
    good: made.map(({ destination }) => destination),
  }
  const notes = due.map(({ destination, exitCode }) =>
    raised(alarmName('failure', destination), String(exitCode), occasion),
  )
  return [{ event, notes }]
}

/** What had failed or was overdue is good again. A snapshot that needs a look ends the alarm, and is told as such. */
function recoveryNews(made: readonly MadeEnd[], { host, now, alarms }: Occasion): News[] {
  const destinations: EventOf<'recovery'>['destinations'] = []
  const told: Note[] = []
  const silent: Note[] = []
  for (const end of made) {
    // The database alone, as good as it is, ends no alarm about everything.
    if (lacksLong(end)) continue
    const { destination, record, isPartial } = end
    const over = endedAlarms(destination, alarms)
    const since = end.previous ?? over[0]?.untold.since
    if (!isPartial && since && (over.length > 0 || isUnrememberedGap(end, now))) {
      destinations.push({ destination, snapshot: snapshotFacts(record), since })
      told.push(...over)
    } else {
      silent.push(...over.map(({ alarm }) => ended(alarm)))
    }
  }
  const news: News[] = [{ event: undefined, notes: silent }]
  if (destinations.length > 0) {
    news.push({ event: { kind: 'recovery', host, now, what: 'backup', destinations }, notes: told })
  }
  return news
}

/** Whether the files, or the dump, are those of an earlier backup, and too old. */
function lacksLong(end: MadeEnd): boolean {
  return isOverdue(freshnessOf(end), new Date(end.record.created))
}

function freshnessOf({ destination, record, expectEveryMs }: MadeEnd): Freshness {
  return { destination, lastGood: oldestPart(record), expectEveryMs }
}

/** They stand until somebody was told that they are over. */
function endedAlarms(destination: string, alarms: Occasion['alarms']) {
  return (['failure', 'overdue'] as const).flatMap((kind) => {
    const alarm = alarmName(kind, destination)
    const before = alarms.get(alarm)
    return before ? [{ alarm, told: undefined, untold: before }] : []
  })
}

/** A machine that remembers nothing, as a pod without a volume, knows by the gap before the snapshot that some failed. */
function isUnrememberedGap({ isRemembered, previous, expectEveryMs }: MadeEnd, now: Date): boolean {
  return !isRemembered && previous !== undefined && now.getTime() - previous.getTime() > expectEveryMs
}

function firstNews(made: readonly MadeEnd[], { host, now }: Occasion): News[] {
  const first = made.filter(({ record }) => record.restorePoint === null)
  if (first.length === 0) return []
  const destinations = first.map(({ destination, record: { database, immich }, record }) => ({
    destination,
    snapshot: snapshotFacts(record),
    immich: database ? (immich?.version ?? 'of an unknown version') : undefined,
  }))
  return [{ event: { kind: 'first-success', host, now, destinations }, notes: [] }]
}

/** It is measured against the snapshot before, so the next run does not see it again. */
function sharpDropNews(made: readonly MadeEnd[], { host, now }: Occasion): News[] {
  const dropped = made.filter(({ record }) => record.sharpDrop)
  if (dropped.length === 0) return []
  const destinations = dropped.map(({ destination, record, result }) => ({
    destination,
    snapshot: snapshotFacts(record),
    before: record.restorePoint ? recordName(record.restorePoint) : undefined,
    warnings: result.warnings,
  }))
  return [{ event: { kind: 'sharp-drop', host, now, destinations }, notes: [] }]
}

/** A file that can't be read stays so for a while: the same again once a week. */
function partialNews(made: readonly MadeEnd[], occasion: Occasion): News[] {
  const { host, now, alarms } = occasion
  const over = made.filter((end) => !end.isPartial && alarms.has(nameOf(end)))
  const news: News[] = [{ event: undefined, notes: over.map((end) => ended(nameOf(end))) }]
  const due = made
    .filter(({ isPartial, record }) => isPartial && !record.sharpDrop)
    .filter((end) => isDue(alarms.get(nameOf(end)), whatOf(end), now, aboutAWeek))
  if (due.length > 0) {
    const destinations = due.map(({ destination, record, result: { warnings } }) => ({
      destination,
      snapshot: snapshotFacts(record),
      warnings,
    }))
    const notes = due.map((end) => raised(nameOf(end), whatOf(end), occasion))
    news.push({ event: { kind: 'partial', host, now, destinations }, notes })
  }
  return news
}

function nameOf({ destination }: MadeEnd): string {
  return alarmName('partial', destination)
}

function whatOf({ result }: MadeEnd): string {
  return result.warnings.join('\n')
}

function ended(alarm: string): Note {
  return { alarm, told: undefined, untold: undefined }
}
