import type { CallOptions } from '../../storage/storage.ts'
import type { RecordId, SnapshotRecord } from '../../vault/record.ts'
import { headsOf, restorePoints, type StoredRecord } from '../../vault/snapshots.ts'
import type { Vault } from '../../vault/vault.ts'
import { fromFirstFork } from '../backup/heads.ts'
import { readableRecords, type DamagedRecord } from '../readableRecords.ts'

export interface NewestRecords {
  lastGood: SnapshotRecord | undefined
  /** The newest record, where it is a checkpoint after that. */
  checkpoint: SnapshotRecord | undefined
  /** Those that stood in the way. */
  damaged: DamagedRecord[]
}

/**
 * The last restore point, and a checkpoint after it. Usually one record is read, or two after a checkpoint, which names
 * the restore point before it; more only in a fork, or when records are damaged.
 * @param ids what was listed, oldest first.
 */
export async function newestRecords(
  vault: Vault,
  host: string,
  ids: readonly RecordId[],
  options: CallOptions,
): Promise<NewestRecords> {
  const latest = fromFirstFork(ids)
  const read = await readableRecords(vault, host, latest, options)
  const damaged = [...read.damaged]
  const [head] = headsOf(read.records)
  const good =
    restorePoints(read.records)[0] ??
    (await earlier({ vault, host, ids: ids.slice(0, -latest.length), damaged, options }, head))
  const isAfter = head && !head.record.complete && !(good && good.record.created > head.record.created)
  return { lastGood: good?.record, checkpoint: isAfter ? head.record : undefined, damaged }
}

interface Earlier {
  vault: Vault
  host: string
  ids: readonly RecordId[]
  damaged: DamagedRecord[]
  options: CallOptions
}

/** The restore point that a checkpoint names; where that can't be read, or nothing names one, the next before. */
async function earlier(
  { vault, host, ids, damaged, options }: Earlier,
  head: StoredRecord | undefined,
): Promise<StoredRecord | undefined> {
  const named = head?.record.restorePoint
  if (head && !named) return undefined
  if (named) {
    const read = await readableRecords(vault, host, [named], options)
    if (read.records[0]) return read.records[0]
    damaged.push(...read.damaged)
  }
  for (let end = ids.length; end > 0; end -= 8) {
    const read = await readableRecords(vault, host, ids.slice(Math.max(0, end - 8), end), options)
    const [found] = restorePoints(read.records)
    if (found) return found
  }
  return undefined
}
