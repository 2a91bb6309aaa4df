import { SnapshotView } from '../../manifest/view.ts'
import { filesTaken, type CrossCheck, type StoredDump } from '../../vault/record.ts'
import { countedWarnings } from './countedWarnings.ts'
import { sharpDrops } from './crossCheck.ts'
import type { DatabaseState } from './database.ts'
import type { HostChain, RecordDraft } from './hostChain.ts'
import type { OpenTarget } from './openTarget.ts'
import type { BackupPlan } from './plan.ts'
import type { Tally } from './tally.ts'

/** Where paths vanish, they may have been moved to where the walk had been: it is done again, so often at most. */
export const maxWalks = 3

/** What a run knows of itself. */
export interface RunFacts {
  target: OpenTarget
  tally: Tally
  /** Undefined as long as the database is not dumped. */
  database: (DatabaseState & { dump: StoredDump }) | undefined
  /** Whether paths vanished even in the last walk. */
  keptMoving: boolean
}

/** The record of a run as it stands now: of its snapshot when it is complete, else of a checkpoint. */
export function draftRecord(
  { only, program }: BackupPlan,
  { target, tally, database, keptMoving }: RunFacts,
  { complete, crossCheck = null }: { complete: boolean; crossCheck?: CrossCheck | null },
): RecordDraft {
  const { chain, heads, started } = target
  const { mismatched, skipped } = tally
  const { parent, manifest, sequence, restorePoint } = chain
  const counts = new SnapshotView(manifest.db, sequence).counts()
  const drops = complete ? sharpDrops(restorePoint, counts.files, database?.counts.assets) : []
  const parentsFilesTaken = parent ? filesTaken(parent) : null
  const seesAllFiles = complete && only !== 'database'
  return {
    started: started.toISOString(),
    filesTaken: seesAllFiles ? started.toISOString() : parentsFilesTaken,
    complete,
    program,
    immich: database?.immich ?? parent?.immich ?? null,
    postgres: database ? { version: database.postgres.version } : (parent?.postgres ?? null),
    database: database?.dump ?? parent?.database ?? null,
    heads: heads(),
    counts,
    changes: { ...tally.changes },
    crossCheck,
    sharpDrop: drops.length > 0,
    warnings: [
      ...drops,
      ...(database?.warnings ?? []),
      ...countedWarnings({ ...tally.changes, mismatched, missing: crossCheck?.missing ?? 0, skipped }),
      ...(keptMoving ? [keptMovingWarning] : []),
      ...(only === 'files' ? oldDumpWarnings(chain) : []),
    ],
  }
}

const keptMovingWarning = `files vanished in each of ${maxWalks} walks; what was moved during the last one may be missing until the next run`

function oldDumpWarnings({ parent }: HostChain): string[] {
  const kept = parent?.database
  return kept ? [`only files were backed up; the dump is the one of ${kept.taken}`] : []
}
