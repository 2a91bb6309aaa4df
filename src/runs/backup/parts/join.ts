import { createHash } from 'node:crypto'
import type { Changes, JoinedParts, SnapshotRecord, StoredCatalogue } from '../../../vault/record.ts'
import { referenceTo, type StoredRecord } from '../../../vault/snapshots.ts'
import type { TakenDatabase } from '../recordDraft.ts'

/** Parts of a backup that are to become one snapshot. */
export interface Join {
  job: string
  /** All of them, by index. */
  parts: readonly StoredRecord[]
}

/** Which files the dump of the parts names; undefined where the database was not backed up. */
export function catalogueOf({ parts }: Join): StoredCatalogue | undefined {
  return parts.find(({ record }) => record.part?.catalogue)?.record.part?.catalogue ?? undefined
}

/**
 * The database as one of the parts has dumped it; undefined where the host has a newer dump, because somebody else backed
 * up in between: no snapshot goes back behind the one before.
 */
export function databaseOf(join: Join, host: SnapshotRecord | undefined): TakenDatabase | undefined {
  const catalogue = catalogueOf(join)
  const record = join.parts.find(({ record }) => record.part?.catalogue === catalogue)?.record
  if (!catalogue || !record?.database || !record.immich || !record.postgres) return undefined
  const { immich, postgres, database: dump } = record
  if (host?.database && host.database.taken > dump.taken) return undefined
  return { immich, postgres, dump, assets: catalogue.assets, warnings: catalogue.warnings }
}

/** What all parts have done together. What they could not read counts once it is met again. */
export function doneInParts({ parts }: Join): { changes: Partial<Changes>; mismatched: number } {
  const sum = (of: (part: StoredRecord) => number): number => parts.reduce((all, part) => all + of(part), 0)
  return {
    changes: {
      added: sum(({ record }) => record.changes.added),
      changed: sum(({ record }) => record.changes.changed),
      storedContents: sum(({ record }) => record.changes.storedContents),
      storedBytes: sum(({ record }) => record.changes.storedBytes),
    },
    mismatched: sum(({ record }) => record.part?.mismatched ?? 0),
  }
}

/** Run id of the snapshot that is made of these parts: whoever makes it makes the same, so that only one can. */
export function joinedRunId(parts: readonly StoredRecord[]): string {
  const hash = createHash('sha256')
  for (const { sha256 } of parts) hash.update(sha256)
  return hash.digest('hex').slice(0, 16)
}

/** What the snapshot says of its parts. */
export function joinedParts({ job, parts }: Join): JoinedParts {
  return { job, records: parts.map(referenceTo) }
}
