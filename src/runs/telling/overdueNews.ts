import { isDue, type Alarm } from '../../notify/alarms.ts'
import type { News } from '../../notify/news.ts'
import { alarmName, raised } from './alarmNotes.ts'
import { aboutADay, type Occasion } from './occasion.ts'

/** When a destination had its last good backup, and how old that may be. */
export interface Freshness {
  destination: string
  /** Undefined: it never had one, or that can't be seen. */
  lastGood: Date | undefined
  expectEveryMs: number
  /** Why its vault can't be looked at, where it can't. */
  unreachable?: string | undefined
}

/** Whether there should be a newer backup. */
export function isOverdue({ lastGood, expectEveryMs }: Freshness, now: Date): boolean {
  return lastGood === undefined || now.getTime() - lastGood.getTime() > expectEveryMs
}

/** Destinations without a backup where there should be one, once a day; not when their failure was told by then. */
export function overdueNews(all: readonly Freshness[], occasion: Occasion): News[] {
  const { host, now, alarms } = occasion
  const isNews = (alarm: Alarm | undefined): boolean => isDue(alarm, alarm?.what ?? '', now, aboutADay)
  const due = all
    .filter((each) => isOverdue(each, now))
    .filter(({ destination }) => isNews(alarms.get(alarmName('failure', destination))))
    .filter(({ destination }) => isNews(alarms.get(alarmName('overdue', destination))))
  if (due.length === 0) return []
  const notes = due.map(({ destination }) => raised(alarmName('overdue', destination), 'overdue', occasion))
  return [{ event: { kind: 'overdue', host, now, destinations: due }, notes }]
}
