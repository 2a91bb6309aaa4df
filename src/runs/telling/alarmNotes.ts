import type { Alarm } from '../../notify/alarms.ts'
import type { Note } from '../../notify/news.ts'

/** What can be wrong with a destination for a while. */
export type AlarmKind = 'failure' | 'partial' | 'overdue' | 'verification'
export const alarmKinds: readonly AlarmKind[] = ['failure', 'partial', 'overdue', 'verification']

/** Names of destinations hold no dot. */
export function alarmName(kind: AlarmKind, destination: string): string {
  return `${kind}.${destination}`
}

/**
 * The note of an alarm that is told now.
 * @param what what exactly is wrong.
 */
export function raised(
  alarm: string,
  what: string,
  { now, alarms }: { now: Date; alarms: ReadonlyMap<string, Alarm> },
): Note {
  const before = alarms.get(alarm)
  const since = before?.since ?? now
  return {
    alarm,
    told: { since, told: now, what },
    untold: before ?? { since, told: null, what },
  }
}
