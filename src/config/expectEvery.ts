import type { Config, Destination } from './config.ts'
import { parseDuration } from './duration.ts'

/** How old the last good backup of a destination may be, in milliseconds, before it is overdue. */
export function expectEveryMs(config: Config, destination: Destination): number {
  return parseDuration(destination.expectEvery ?? config.expectEvery) ?? 0
}
