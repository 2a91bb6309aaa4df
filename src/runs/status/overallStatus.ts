import { exitCodes, type ExitCode } from '../../shared/errors.ts'
import { destinationStatus, type DestinationStatus } from './destinationStatus.ts'
import type { DestinationFacts } from './facts.ts'
import { worstHealth, type Health } from './problem.ts'

/** How all backups stand. */
export interface OverallStatus {
  now: Date
  health: Health
  destinations: DestinationStatus[]
}

/** Judges all destinations. Each has to be well by itself: another copy is no excuse for one that is overdue. */
export function overallStatus(facts: readonly DestinationFacts[], now: Date): OverallStatus {
  const destinations = facts.map((each) => destinationStatus(each, now))
  return { now, health: worstHealth(destinations.map(({ health }) => health)), destinations }
}

const exitCodeOf: Readonly<Record<Health, ExitCode>> = {
  good: exitCodes.done,
  attention: exitCodes.partial,
  bad: exitCodes.failed,
}

/** 0 when all is well, 1 when a backup is overdue, failed, damaged or can't be looked at, 3 when a person should look. */
export function statusExitCode({ health }: OverallStatus): ExitCode {
  return exitCodeOf[health]
}
