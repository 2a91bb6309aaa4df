import type { CallOptions } from '../../../storage/storage.ts'
import {
  listRecords,
  readRecord,
  readRecords,
  recordName,
  type StoredRecord,
} from '../../../vault/snapshots.ts'
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

/** Looks at the records of a job's parts, and at those that the host has got since: a listing for each, and a small object or more. */
export async function partsStanding(
  vault: Vault,
  host: string,
  { job, of }: Pick<Part, 'job' | 'of'>,
  options: CallOptions,
): Promise<PartsStanding> {
  const shares = Array.from({ length: of }, (_, index) => ({ index, of }))
  const done = await Promise.all(
    shares.map(async (share) => await doneRecord(vault, host, share, job, options)),
  )
  const begun = done.flatMap((stored) => (stored ? [stored.record.part?.base?.sequence ?? 0] : []))
  if (begun.length === 0) return { joined: undefined, done }
  const since = await listRecords(vault, host, Math.min(...begun) + 1, options)
  const records = await readRecords(vault, host, since, options)
  return { joined: records.find(({ record }) => record.parts?.job === job), done }
}

async function doneRecord(
  vault: Vault,
  host: string,
  share: PartShare,
  job: string,
  options: CallOptions,
): Promise<StoredRecord | undefined> {
  const isDone = ({ record: { part } }: StoredRecord): boolean => part?.done === true && part.job === job
  const chain = partHost(host, share)
  const { heads, listed } = await findHeads(vault, chain, undefined, options)
  const done = heads.find(isDone)
  if (done) return done
  const seen = new Set(heads.map(({ record }) => recordName(record)))
  for (const id of listed.slice(-recordsLookedAt).reverse()) {
    if (seen.has(recordName(id))) continue
    const stored = await readRecord(vault, chain, id, options)
    if (isDone(stored)) return stored
  }
  return undefined
}
