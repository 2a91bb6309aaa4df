import type { CallOptions } from '../../storage/storage.ts'
import type { RecordId } from '../../vault/record.ts'
import {
  headsOf,
  listRecords,
  readRecords,
  recordName,
  requireHead,
  type StoredRecord,
} from '../../vault/snapshots.ts'
import type { Vault } from '../../vault/vault.ts'

/** A fork that is older than so many records, and was never followed, costs deduplication and nothing else. */
export const oldestFork = 64

/** What this machine remembers of a host's records. */
interface Remembered {
  head: StoredRecord
  /** Names of the records that were there when `head` was committed. */
  known: ReadonlySet<string>
}

/**
 * The records that the next one has to follow: one, several after a fork, none in a new vault; and what was listed.
 * When nobody else has committed since this machine did, a single listing tells: a run on another machine may have
 * begun before ours and ended with a lower sequence, so the listing goes back a little.
 * @throws UserError when the vault does not show the record that this machine remembers.
 */
export async function findHeads(
  vault: Vault,
  host: string,
  remembered: Remembered | undefined,
  options: CallOptions,
): Promise<{ heads: StoredRecord[]; listed: RecordId[] }> {
  const from = Math.max(0, (remembered?.head.record.sequence ?? 0) - oldestFork)
  const listed = await listRecords(vault, host, from, options)
  if (remembered) {
    const { head, known } = remembered
    requireHead(listed, head.record, 'the state directory')
    if (listed.every((id) => known.has(recordName(id)))) return { heads: [head], listed }
  }
  return { heads: headsOf(await readRecords(vault, host, fromFirstFork(listed), options)), listed }
}

/** In a line of records each sequence is there once; only from where one is there twice can there be several heads. */
export function fromFirstFork(ids: readonly RecordId[]): RecordId[] {
  const recent = ids.slice(-oldestFork)
  const fork = recent.findIndex((id, i) => recent[i + 1]?.sequence === id.sequence)
  return fork < 0 ? recent.slice(-1) : recent.slice(fork)
}
