import { errorMessage } from '../shared/errors.ts'
import type { CallOptions } from '../storage/storage.ts'
import type { RecordId } from '../vault/record.ts'
import { readRecord, type StoredRecord } from '../vault/snapshots.ts'
import type { Vault } from '../vault/vault.ts'
import { isLoss } from './loss.ts'

/** A snapshot record that is listed and can't be believed. */
export interface DamagedRecord {
  id: RecordId
  message: string
}

/**
 * Reads records, a few at a time; one that is damaged does not keep the others from being read.
 * @throws an error of the storage.
 */
export async function readableRecords(
  vault: Vault,
  host: string,
  ids: readonly RecordId[],
  options: CallOptions,
): Promise<{ records: StoredRecord[]; damaged: DamagedRecord[] }> {
  const records: StoredRecord[] = []
  const damaged: DamagedRecord[] = []
  const read = async (id: RecordId): Promise<void> => {
    try {
      records.push(await readRecord(vault, host, id, options))
    } catch (error) {
      if (!isLoss(error)) throw error
      damaged.push({ id, message: errorMessage(error) })
    }
  }
  for (let i = 0; i < ids.length; i += 8) await Promise.all(ids.slice(i, i + 8).map(read))
  return { records, damaged }
}
