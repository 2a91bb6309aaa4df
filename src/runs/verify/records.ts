import { UserError } from '../../shared/errors.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { recordKey } from '../../vault/layout.ts'
import type { RecordId } from '../../vault/record.ts'
import { listRecords, recordName, requireHead, type StoredRecord } from '../../vault/snapshots.ts'
import type { Vault } from '../../vault/vault.ts'
import type { KnownHead } from '../openSnapshot.ts'
import { damaged } from '../read/outcome.ts'
import { readableRecords } from '../readableRecords.ts'
import type { Findings } from './finding.ts'

/**
 * Reads every record of a host, and holds each against those that follow it: a record that is gone or hidden in the
 * middle is noticed by its children.
 * @returns those that can be read.
 * @throws UserError when the vault hides a known head, or has no record at all.
 */
export async function checkRecords(
  vault: Vault,
  host: string,
  knownHeads: readonly KnownHead[],
  findings: Findings,
  options: CallOptions,
): Promise<StoredRecord[]> {
  const ids = await listRecords(vault, host, 0, options)
  for (const { head, rememberedBy } of knownHeads) requireHead(ids, head, rememberedBy)
  if (ids.length === 0) {
    throw new UserError(`host ${host} has no snapshot in the vault: there is nothing to verify`, {
      hint: 'Check the destination, and `host` in the configuration. If there were snapshots, they were deleted or are being hidden.',
    })
  }
  const { records, damaged: unbelievable } = await readableRecords(vault, host, ids, options)
  const keyOf = (id: RecordId): string => recordKey(host, id.sequence, id.runId)
  for (const { id, message } of unbelievable) findings.add(keyOf(id), damaged(message))

  const byName = new Map(records.map((stored) => [recordName(stored.record), stored]))
  for (const { record } of records) {
    for (const parent of record.parents) {
      const found = byName.get(recordName(parent))
      if (!found) {
        const message = `the record is gone, and ${recordName(record)} follows it`
        findings.add(keyOf(parent), { kind: 'missing', message })
      } else if (found.sha256.toString('hex') !== parent.sha256) {
        findings.add(found.key, damaged(`the record is not the one that ${recordName(record)} follows`))
      }
    }
  }
  return records
}
