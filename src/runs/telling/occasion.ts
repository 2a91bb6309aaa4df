import type { Alarm } from '../../notify/alarms.ts'

/** What a decision about telling takes. */
export interface Occasion {
  host: string
  now: Date
  /** What this machine remembers, by name. */
  alarms: ReadonlyMap<string, Alarm>
}

const hour = 3600 * 1000

/** Runs do not begin at the same second each day, and the same is to be told each day all the same. */
export const aboutADay = 20 * hour
export const aboutAWeek = 7 * 24 * hour - 4 * hour
