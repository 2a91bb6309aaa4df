import type { DestinationStatus } from '../../runs/status/destinationStatus.ts'
import type { LeftOut } from '../../runs/status/leftOut.ts'
import type { OverallStatus } from '../../runs/status/overallStatus.ts'
import { recentDays } from '../../runs/verify/population.ts'
import type { SnapshotRecord } from '../../vault/record.ts'
import { filesTaken } from '../../vault/record.ts'
import { recordName } from '../../vault/snapshots.ts'

/** How the backups stand, for other programs; docs/status.md has the fields. They are added, never renamed. */
export function statusDocument(
  { destinations, health, now }: OverallStatus,
  left: readonly LeftOut[],
): unknown {
  return { time: now, health, destinations: destinations.map(destinationDocument), leftOut: left }
}

function destinationDocument(status: DestinationStatus): unknown {
  const { destination, location, health, problems, lastGood, age, due, current, ended, verification } = status
  return {
    destination,
    location: location ?? null,
    health,
    problems,
    last: lastGood ? lastDocument(lastGood, age ?? 0) : null,
    expectEverySeconds: status.expectEveryMs / 1000,
    expectedBy: due ?? null,
    running: current
      ? { ...current, storedBytes: current.storedBytes ?? null, jobs: current.jobs.map(jobDocument) }
      : null,
    endedWithout: ended,
    unprotected: status.unprotected,
    warnings: status.warnings,
    verification: verification
      ? {
          started: verification.started,
          level: verification.level,
          outcome: verification.outcome,
          coverage: verification.coverage ? { days: recentDays, ...verification.coverage } : null,
        }
      : null,
  }
}

function lastDocument(record: SnapshotRecord, age: number): unknown {
  const { created, counts, changes, immich, database, sharpDrop } = record
  return {
    id: recordName(record),
    created,
    ageSeconds: Math.round(age / 1000),
    files: { taken: filesTaken(record), count: counts.files, bytes: counts.bytes },
    database: database && { taken: database.taken, immich: immich?.version ?? null, bytes: database.sqlSize },
    changes,
    sharpDrop,
  }
}

function jobDocument({
  source,
  state,
  filesDone,
  filesTotal,
  bytesDone,
  bytesTotal,
  speed,
  started,
  updated,
  retries,
  error,
}: NonNullable<DestinationStatus['current']>['jobs'][number]): unknown {
  const left =
    speed > 0 && state === 'RUNNING' ? Math.ceil(Math.max(0, bytesTotal - bytesDone) / speed) : null
  return {
    source,
    state,
    filesDone,
    filesTotal,
    bytesDone,
    bytesTotal,
    bytesPerSecond: speed,
    secondsLeft: left,
    started,
    updated,
    retries,
    error,
  }
}
