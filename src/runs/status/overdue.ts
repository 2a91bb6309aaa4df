import { formatDuration } from '../../shared/format.ts'
import { filesTaken, type SnapshotRecord } from '../../vault/record.ts'
import type { DestinationFacts } from './facts.ts'
import type { Problem } from './problem.ts'

/** Clocks of different machines differ by less. */
const clockSlackMs = 3600_000

/** What is older at a destination than it should be: everything, or one part that newer backups left out. */
export function overdueProblems(
  { expectEveryMs, wantsDatabase, vault }: DestinationFacts,
  lastGood: SnapshotRecord | undefined,
  now: Date,
): Problem[] {
  if (!lastGood) {
    // Where snapshots are hidden, that there is none says nothing.
    return vault && !vault.hidden
      ? [{ kind: 'never', severity: 'bad', message: 'there is no complete backup yet' }]
      : []
  }
  const ageOf = (time: string): number => now.getTime() - Date.parse(time)
  const age = ageOf(lastGood.created)
  const expected = `one is expected every ${formatDuration(expectEveryMs)}`
  if (age > expectEveryMs) return [late(`no good backup for ${formatDuration(age)}; ${expected}`)]
  const problems: Problem[] = []
  if (age < -clockSlackMs) {
    const message = `the last good backup is dated ${formatDuration(-age)} in the future: a clock is wrong, here or where it was made`
    problems.push({ kind: 'clock', severity: 'attention', message })
  }
  const files = filesTaken(lastGood)
  if (files === null) problems.push(late('the files were never backed up, only the database was'))
  else if (isOlder(files, lastGood) && ageOf(files) > expectEveryMs)
    problems.push(late(`the files are those of ${formatDuration(ageOf(files))} ago; ${expected}`))
  if (!wantsDatabase) return problems
  const taken = lastGood.database?.taken
  if (taken === undefined) problems.push(late('the last good backup has no dump of the database'))
  else if (isOlder(taken, lastGood) && ageOf(taken) > expectEveryMs)
    problems.push(late(`the dump of the database is of ${formatDuration(ageOf(taken))} ago; ${expected}`))
  return problems
}

function late(message: string): Problem {
  return { kind: 'overdue', severity: 'bad', message }
}

/** When the next good backup has to be there. */
export function dueTime(expectEveryMs: number, lastGood: SnapshotRecord | undefined): Date | undefined {
  return lastGood && new Date(Date.parse(lastGood.created) + expectEveryMs)
}

/** Of when a backup is: of the oldest part, where newer backups left that out. */
export function oldestPart(record: SnapshotRecord): Date {
  const parts = [filesTaken(record), record.database?.taken ?? null]
  const older = parts.filter((taken) => taken !== null && isOlder(taken, record)) as string[]
  return new Date(Math.min(Date.parse(record.created), ...older.map((taken) => Date.parse(taken))))
}

/** Whether a part was taken over from an earlier snapshot. */
function isOlder(taken: string, { started }: SnapshotRecord): boolean {
  return Date.parse(taken) < Date.parse(started)
}
