import type { CallOptions } from '../../storage/storage.ts'
import type { RecordId } from '../../vault/record.ts'
import { headsOf, listRecords, readRecords, requireHead, type StoredRecord } from '../../vault/snapshots.ts'
import type { Vault } from '../../vault/vault.ts'

/** A fork that is older than so many records, and was never followed, costs deduplication and nothing else. */
const oldestFork = 64

/**
 * The records that the next one has to follow: one, several after a fork, none in a new vault.
 * When nothing was committed since this machine's own record, a single listing tells.
 * @throws UserError when the vault does not show the record that this machine remembers.
 */
export async function findHeads(
  vault: Vault,
  host: string,
  local: StoredRecord | undefined,
  options: CallOptions,
): Promise<StoredRecord[]> {
  const ids = await listRecords(vault, host, local?.record.sequence ?? 0, options)
  if (local) {
    requireHead(ids, local.record, 'the state directory')
    if (ids.length === 1) return [local]
  }
  return headsOf(await readRecords(vault, host, fromFirstFork(ids), options))
}

/** In a line of records each sequence is there once; only from where one is there twice can there be several heads. */
function fromFirstFork(ids: RecordId[]): RecordId[] {
  const recent = ids.slice(-oldestFork)
  const fork = recent.findIndex((id, i) => recent[i + 1]?.sequence === id.sequence)
  return fork < 0 ? recent.slice(-1) : recent.slice(fork)
}
