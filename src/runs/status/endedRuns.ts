import type { SnapshotRecord } from '../../vault/record.ts'
import { exitCodes } from '../../shared/errors.ts'
import type { CurrentRun } from './currentRun.ts'
import type { DestinationFacts } from './facts.ts'
import type { Problem } from './problem.ts'

/** A run that ended at the destination without a snapshot. */
export interface EndedRun {
  outcome: 'failed' | 'interrupted'
  ended: Date
  /** Why; for people. */
  error: string
}

/** A report is written just before the run's end is noted in the state database. */
const sameRunMs = 60_000

/**
 * The runs since the last good backup that made none, newest first: those that the vault tells of, and this machine. A
 * try of the run that is under way is no end: it tries again.
 */
export function endedRuns(
  facts: DestinationFacts,
  lastGood: SnapshotRecord | undefined,
  current: CurrentRun | undefined,
): EndedRun[] {
  const since = lastGood ? Date.parse(lastGood.created) : 0
  const until = current?.source === 'state' ? current.started.getTime() : Infinity
  const told = toldByVault(facts)
  const own = toldByThisMachine(facts).filter(
    ({ ended }) => !told.some((run) => Math.abs(run.ended.getTime() - ended.getTime()) < sameRunMs),
  )
  return [...told, ...own]
    .filter(({ ended }) => ended.getTime() > since && ended.getTime() < until)
    .sort((a, b) => b.ended.getTime() - a.ended.getTime())
}

/** What failed is bad until a run is good again; what somebody stopped is only told. */
export function endedRunProblems(runs: readonly EndedRun[]): Problem[] {
  const failed = runs.filter(({ outcome }) => outcome === 'failed')
  const [last] = failed
  if (last) {
    const times =
      failed.length > 1 ? `the last ${failed.length} runs failed, most recently` : 'the last run failed'
    return [{ kind: 'failed', severity: 'bad', message: `${times}: ${last.error}` }]
  }
  const [stopped] = runs
  if (!stopped) return []
  const message = 'the last run was stopped before it was done; the next one goes on from there'
  return [{ kind: 'interrupted', severity: 'note', message }]
}

function toldByVault({ vault }: DestinationFacts): EndedRun[] {
  return (vault?.reports ?? []).flatMap(({ outcome, finished, error = 'it does not say why' }) =>
    outcome === 'completed' ? [] : [{ outcome, ended: new Date(finished), error }],
  )
}

function toldByThisMachine({ destination, runs }: DestinationFacts): EndedRun[] {
  return runs.flatMap(({ results }) =>
    results
      .filter((result) => result.destination === destination && result.exitCode !== exitCodes.locked)
      .filter(({ error }) => error !== null)
      .map(({ ended, error, exitCode }) => ({
        outcome: exitCode === exitCodes.cancelled ? ('interrupted' as const) : ('failed' as const),
        ended,
        error: error ?? '',
      })),
  )
}
