import type { Alarm } from './alarms.ts'
import type { Event } from './event.ts'

/** Something that may be told, and what is remembered of it afterwards. */
export interface News {
  /** Undefined: there is nothing to tell, only to remember. */
  event: Event | undefined
  /** None: no later run sees it again, so its message is kept until somebody was told. */
  notes: readonly Note[]
}

/** How an alarm stands once its event was told, or could not be: then the next run tries again. */
export interface Note {
  alarm: string
  told: Alarm | undefined
  untold: Alarm | undefined
}
