import { SnapshotView } from '../../manifest/view.ts'
import {
  filesTaken,
  type CrossCheck,
  type SnapshotRecord,
  type StoredCatalogue,
  type StoredDump,
} from '../../vault/record.ts'
import { countedWarnings } from './countedWarnings.ts'
import { sharpDrops } from './crossCheck.ts'
import type { HostChain, RecordDraft } from './hostChain.ts'
import type { OpenTarget } from './openTarget.ts'
import { joinedParts, joinedRunId } from './parts/join.ts'
import type { BackupPlan } from './plan.ts'
import type { Tally } from './tally.ts'

/** Where paths vanish, they may have been moved to where the walk had been: it is done again, so often at most. */
export const maxWalks = 3

/** A database whose dump is in the vault. */
export interface TakenDatabase {
  immich: NonNullable<SnapshotRecord['immich']>
  postgres: NonNullable<SnapshotRecord['postgres']>
  assets: number
  dump: StoredDump
  warnings: readonly string[]
}

/** What a run knows of itself. */
export interface RunFacts {
  target: OpenTarget
  tally: Tally
  /** Undefined as long as the database is not dumped. */
  database: TakenDatabase | undefined
  /** Of the part that dumps the database. */
  catalogue: StoredCatalogue | undefined
  /** Whether paths vanished even in the last walk. */
  keptMoving: boolean
}

/** How far a run is. */
export interface DraftEnd {
  /** It has a snapshot; else the record is a checkpoint. */
  complete: boolean
  /** It has done its part, where it is one. */
  done?: boolean
  crossCheck?: CrossCheck | null
}

/** The record of a run as it stands now. */
export function draftRecord(
  plan: BackupPlan,
  facts: RunFacts,
  { complete, done = false, crossCheck = null }: DraftEnd,
): RecordDraft {
  const { target, tally, database, keptMoving } = facts
  const { only, program, part, join } = plan
  const { chain, heads, started } = target
  const { mismatched, skipped } = tally
  const { parent, manifest, sequence, restorePoint } = chain
  const counts = new SnapshotView(manifest.db, sequence).counts()
  const drops = complete ? sharpDrops(restorePoint, counts.files, database?.assets) : []
  const parentsFilesTaken = parent ? filesTaken(parent) : null
  const seesAllFiles = complete && only !== 'database'
  return {
    started: started.toISOString(),
    filesTaken: seesAllFiles ? started.toISOString() : parentsFilesTaken,
    complete,
    ...(part && {
      part: { ...part, base: chain.base, done, mismatched, catalogue: facts.catalogue ?? null },
    }),
    ...(join && complete && { runId: joinedRunId(join.parts), parts: joinedParts(join) }),
    program,
    immich: database?.immich ?? parent?.immich ?? null,
    postgres: database?.postgres ?? parent?.postgres ?? null,
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
