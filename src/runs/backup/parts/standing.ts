import type { CallOptions } from '../../../storage/storage.ts'
import { listRecords, readRecord, type StoredRecord } from '../../../vault/snapshots.ts'
import type { Vault } from '../../../vault/vault.ts'
import { findHeads } from '../heads.ts'
import { partHost, type Part, type PartShare } from './part.ts'

/** How far the parts of a backup are, all together. */
export interface PartsStanding {
  /** The snapshot that was made of them, if somebody was faster. */
  joined: StoredRecord | undefined
  /** The record of each part that is done, by index. */
  done: (StoredRecord | undefined)[]
}

/** A part that was begun twice may have put down something else after it was done; further back nobody looks. */
const recordsLookedAt = 4

/** Looks at the records of a job's parts, and at the host's own: a listing for each, and a small object or more. */
export async function partsStanding(
  vault: Vault,
  host: string,
  { job, of }: Pick<Part, 'job' | 'of'>,
  options: CallOptions,
): Promise<PartsStanding> {
  const shares = Array.from({ length: of }, (_, index) => ({ index, of }))
  const [{ heads }, ...done] = await Promise.all([
    findHeads(vault, host, undefined, options),
    ...shares.map(async (share) => await doneRecord(vault, host, share, job, options)),
  ])
  return { joined: heads.find(({ record }) => record.parts?.job === job), done }
}

async function doneRecord(
  vault: Vault,
  host: string,
  share: PartShare,
  job: string,
  options: CallOptions,
): Promise<StoredRecord | undefined> {
  const chain = partHost(host, share)
  const ids = await listRecords(vault, chain, 0, options)
  for (const id of ids.slice(-recordsLookedAt).reverse()) {
    const stored = await readRecord(vault, chain, id, options)
    const { part } = stored.record
    if (part?.done && part.job === job) return stored
  }
  return undefined
}
