import { exitCodes } from '../../shared/errors.ts'
import { formatDuration, formatTime } from '../../shared/format.ts'
import type { Job } from '../../state/run.ts'
import type { SnapshotRecord } from '../../vault/record.ts'
import type { DestinationFacts, KnownRun } from './facts.ts'
import type { Problem } from './problem.ts'

/** A run that has begun and that nobody has seen the end of. */
export interface CurrentRun {
  /** What tells of it: this machine's own state, or the last checkpoint of one that runs elsewhere. */
  source: 'state' | 'checkpoint'
  started: Date
  /** When it was last heard of. */
  lastSign: Date
  /** Its jobs at this destination, by priority; none where only a checkpoint tells. */
  jobs: readonly Job[]
  /** Bytes of new objects by the last checkpoint; undefined where the jobs say more. */
  storedBytes: number | undefined
}

/** Checkpoints are 10 minutes apart, as long as there is something to store. */
const checkpointSilenceMs = 30 * 60_000

/** The run that is under way at a destination, and what to say of one that seems to have died. */
export function currentRun(
  facts: DestinationFacts,
  lastGood: SnapshotRecord | undefined,
  now: Date,
): { current: CurrentRun | undefined; problems: Problem[] } {
  const own = ownRun(facts, lastGood)
  if (own) return own
  const checkpoint = openCheckpoint(facts)
  if (!checkpoint) return { current: undefined, problems: [] }
  const { started, created, changes } = checkpoint
  const silence = now.getTime() - Date.parse(created)
  if (silence > checkpointSilenceMs) {
    const message = `a run that began ${formatDuration(now.getTime() - Date.parse(started))} ago has not been heard of for ${formatDuration(silence)}: it is slow, or it died; the next one goes on from there`
    return { current: undefined, problems: [{ kind: 'stale', severity: 'note', message }] }
  }
  const current: CurrentRun = {
    source: 'checkpoint',
    started: new Date(started),
    lastSign: new Date(created),
    jobs: [],
    storedBytes: changes.storedBytes,
  }
  return { current, problems: [] }
}

/** What this machine knows of its own last run there, as long as nothing newer says that it no longer matters. */
function ownRun(
  { destination, runs }: DestinationFacts,
  lastGood: SnapshotRecord | undefined,
): ReturnType<typeof currentRun> | undefined {
  const run = runs.find((each) => hasBegun(each, destination))
  if (!run || run.results.some((result) => result.destination === destination)) return undefined
  const { started, heartbeat, machine } = run
  const jobs = run.jobs.filter((job) => job.destination === destination)
  if (run.isLive) {
    const current = { source: 'state', started, lastSign: heartbeat, jobs, storedBytes: undefined } as const
    return { current, problems: [] }
  }
  if (lastGood && Date.parse(lastGood.created) > started.getTime()) return undefined
  const cut = jobs.filter(({ state }) => state !== 'COMPLETED').map(({ source }) => source)
  const message = `the run of ${formatTime(started)} on ${machine} died before it was done with ${cut.join(', ')}; the next one goes on from there`
  return { current: undefined, problems: [{ kind: 'stale', severity: 'note', message }] }
}

/** A run that found another one at the destination never began there. */
function hasBegun({ jobs, results }: KnownRun, destination: string): boolean {
  const result = results.find((each) => each.destination === destination)
  return jobs.some((job) => job.destination === destination) && result?.exitCode !== exitCodes.locked
}

/** The newest checkpoint, unless its run has told of its end. */
function openCheckpoint({ vault }: DestinationFacts): SnapshotRecord | undefined {
  const checkpoint = vault?.checkpoint
  const hasEnded = vault?.reports.some(({ runId }) => runId === checkpoint?.runId) ?? false
  return hasEnded ? undefined : checkpoint
}
