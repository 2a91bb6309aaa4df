import type { Alarm } from '../../notify/alarms.ts'
import type { DestinationStatus } from '../status/destinationStatus.ts'
import { alarmName } from './alarmNotes.ts'
import { aboutADay, type Occasion } from './occasion.ts'
import type { FailedEnd, ToldEnd } from './toldEnd.ts'

/** Failures of which this machine remembers nothing: neither that they were told, nor a good backup before. */
export function forgotten(ends: readonly ToldEnd[], { alarms }: Occasion): FailedEnd[] {
  return ends
    .filter((end) => end.outcome === 'failed')
    .filter(({ destination, lastGood }) => !lastGood && !alarms.has(alarmName('failure', destination)))
}

/**
 * A pod that fails is followed by another one, which remembers nothing. That a run failed within the last day stands in
 * its report in the vault, and whoever wrote that has told it.
 * @param began when this run did.
 */
export function withPresumed(
  occasion: Occasion,
  failed: readonly FailedEnd[],
  statuses: readonly DestinationStatus[],
  began: Date,
): Occasion {
  const presumed = failed.flatMap(({ destination, exitCode }): [string, Alarm][] => {
    const ended = statuses.find((status) => status.destination === destination)?.ended ?? []
    const before = ended.find((run) => run.outcome === 'failed' && run.ended < began)
    if (!before || occasion.now.getTime() - before.ended.getTime() >= aboutADay) return []
    const alarm = { since: before.ended, told: before.ended, what: String(exitCode) }
    return [[alarmName('failure', destination), alarm]]
  })
  return { ...occasion, alarms: new Map([...occasion.alarms, ...presumed]) }
}
