import { decryptObject, encryptObject, onlyKey } from '../crypto/envelope.ts'
import { exitCodes, UserError } from '../shared/errors.ts'
import { ObjectMissingError } from '../storage/errors.ts'
import type { CallOptions } from '../storage/storage.ts'
import { parseRecordKey, recordKey, recordKeysBefore, recordPrefix, objectContext } from './layout.ts'
import { createObject, readSmallObject, sha256 } from './objects.ts'
import { recordSchema, type RecordId, type RecordReference, type SnapshotRecord } from './record.ts'
import type { Vault } from './vault.ts'

const recordLimit = 16 * 1024 * 1024

/** A record as it lies in the vault. */
export interface StoredRecord {
  key: string
  /** SHA-256 of the object: what a child names its parent by. */
  sha256: Buffer
  size: number
  record: SnapshotRecord
}

/** Ids of a host's records, oldest first, from `fromSequence` on. One listing, no reads. */
export async function listRecords(
  vault: Vault,
  host: string,
  fromSequence: number,
  options: CallOptions,
): Promise<RecordId[]> {
  const ids: RecordId[] = []
  const after = recordKeysBefore(host, fromSequence)
  for await (const { key } of vault.storage.list(recordPrefix(host), { ...options, after })) {
    const id = parseRecordKey(host, key)
    if (id) ids.push(id)
  }
  return ids
}

/**
 * Reads one record.
 * @throws DecryptionError when it is not authentic; UserError when it does not belong where it lies.
 */
export async function readRecord(
  vault: Vault,
  host: string,
  id: RecordId,
  options: CallOptions,
): Promise<StoredRecord> {
  const key = recordKey(host, id.sequence, id.runId)
  const object = await readSmallObject(vault.storage, key, recordLimit, options)
  const json = decryptJson(vault, key, object)
  const record = recordSchema.safeParse(json)
  if (!record.success) {
    throw new UserError(`the snapshot record ${key} has fields that this program does not know`, {
      hint: 'It was written by another version of Safelight. Use the newest one.',
      cause: record.error,
    })
  }
  const { host: itsHost, sequence, runId } = record.data
  if (itsHost !== host || sequence !== id.sequence || runId !== id.runId) {
    throw new UserError(`the snapshot record ${key} belongs elsewhere: it is ${itsHost} ${sequence}-${runId}`)
  }
  return { key, sha256: sha256(object), size: object.length, record: record.data }
}

/** Reads several records, a few at a time, in the order given. */
export async function readRecords(
  vault: Vault,
  host: string,
  ids: readonly RecordId[],
  options: CallOptions,
): Promise<StoredRecord[]> {
  const records: StoredRecord[] = []
  for (let i = 0; i < ids.length; i += 8) {
    records.push(
      ...(await Promise.all(ids.slice(i, i + 8).map((id) => readRecord(vault, host, id, options)))),
    )
  }
  return records
}

/** The records that no other record names as a parent: one, unless two runs forked. The newest comes first. */
export function headsOf(records: readonly StoredRecord[]): StoredRecord[] {
  const followed = new Set(records.flatMap(({ record }) => record.parents.map(recordName)))
  return newestFirst(records).filter(({ record }) => !followed.has(recordName(record)))
}

/** The restore points among these records, newest first: checkpoints are left out. */
export function restorePoints(records: readonly StoredRecord[]): StoredRecord[] {
  return newestFirst(records).filter(({ record }) => record.complete)
}

/** These records, in the order in which they were made. */
export function newestFirst(records: readonly StoredRecord[]): StoredRecord[] {
  const times = timesOf(records)
  const timeOf = ({ record }: StoredRecord): number => times.get(recordName(record)) ?? 0
  return records.toSorted(
    (a, b) =>
      timeOf(b) - timeOf(a) ||
      b.record.sequence - a.record.sequence ||
      b.record.created.localeCompare(a.record.created),
  )
}

/**
 * When each record was made, by its name, in milliseconds since 1970: at the time that it says, but not before one that
 * it follows. The clock of a run may have been wrong, and what was backed up after it must not be passed over.
 */
function timesOf(records: readonly StoredRecord[]): Map<string, number> {
  const times = new Map<string, number>()
  for (const { record } of records.toSorted((a, b) => a.record.sequence - b.record.sequence)) {
    const parents = record.parents.map((parent) => times.get(recordName(parent)) ?? 0)
    times.set(recordName(record), Math.max(Date.parse(record.created), ...parents))
  }
  return times
}

/** What a record names another one by. */
export function referenceTo({ record: { sequence, runId }, sha256 }: StoredRecord): RecordReference {
  return { sequence, runId, sha256: sha256.toString('hex') }
}

/** `7-0123456789abcdef`: how people and records name a record. */
export function recordName(id: RecordId): string {
  return `${id.sequence}-${id.runId}`
}

/**
 * Refuses a vault that hides, or has lost, a record that somebody remembers.
 * @param ids what was listed from the remembered sequence on.
 */
export function requireHead(ids: readonly RecordId[], head: RecordId, rememberedBy: string): void {
  if (ids.some((id) => id.sequence === head.sequence && id.runId === head.runId)) return
  throw new UserError(
    `the vault does not show snapshot record ${recordName(head)}, which ${rememberedBy} remembers`,
    {
      hint: 'Records were deleted or are being hidden, or an older copy of the vault was put in place. Do not prune or overwrite anything; look at the storage and its versions.',
      exitCode: exitCodes.noVault,
    },
  )
}

/** Writes the record. Once this returns, the snapshot exists. */
export async function commitRecord(
  vault: Vault,
  record: SnapshotRecord,
  options: CallOptions,
): Promise<StoredRecord> {
  const key = recordKey(record.host, record.sequence, record.runId)
  const object = encryptJson(vault, key, recordSchema.parse(record))
  const stored = await createObject(vault.storage, key, object, { kind: 'index', signal: options.signal })
  return { key, ...stored, record }
}

/** Stores a JSON document (run report, verification) under the records key. */
export async function storeJson(
  vault: Vault,
  key: string,
  value: unknown,
  options: CallOptions,
): Promise<void> {
  await createObject(vault.storage, key, encryptJson(vault, key, value), {
    kind: 'index',
    signal: options.signal,
  })
}

/** Reads what {@link storeJson} stored; undefined when it is not there. */
export async function readJson(vault: Vault, key: string, options: CallOptions): Promise<unknown> {
  try {
    return decryptJson(vault, key, await readSmallObject(vault.storage, key, recordLimit, options))
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined
    throw error
  }
}

function encryptJson(vault: Vault, key: string, value: unknown): Buffer {
  return encryptObject(vault.keys.records, objectContext(vault.id, key), Buffer.from(JSON.stringify(value)))
}

function decryptJson(vault: Vault, key: string, object: Uint8Array): unknown {
  const plaintext = decryptObject(onlyKey(vault.keys.records), objectContext(vault.id, key), object)
  return JSON.parse(plaintext.toString('utf8'))
}
