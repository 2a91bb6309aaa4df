import { UserError } from '../shared/errors.ts'
import type { CallOptions } from '../storage/storage.ts'
import type { RecordId } from '../vault/record.ts'
import { readRecord, recordName, restorePoints, type StoredRecord } from '../vault/snapshots.ts'
import type { Vault } from '../vault/vault.ts'
import { readableRecords, type DamagedRecord } from './readableRecords.ts'

/** Which snapshot a person wants: the newest complete one unless they say. */
export interface SnapshotChoice {
  /** `7`, `7-0123456789abcdef`, or the first digits of a run id. */
  snapshot?: string | undefined
  /** The newest complete one that was created then or before. */
  at?: Date | undefined
}

/**
 * Finds the record that is meant.
 * @param ids all records of the host, oldest first.
 * @throws UserError when there is none such, several fit, or its record is damaged.
 */
export async function chooseSnapshot(
  vault: Vault,
  host: string,
  ids: readonly RecordId[],
  choice: SnapshotChoice,
  options: CallOptions,
): Promise<StoredRecord> {
  if (choice.snapshot !== undefined) {
    return await readRecord(vault, host, namedSnapshot(ids, choice.snapshot), options)
  }
  if (choice.at !== undefined) return await newestAt(vault, host, ids, choice.at, options)
  return await newest(vault, host, ids, options)
}

/** The record that a person's words name. @throws UserError unless it is exactly one. */
export function namedSnapshot(ids: readonly RecordId[], name: string): RecordId {
  const [first, ...others] =
    [sequenceNamed(ids, name), runNamed(ids, name)].find(({ length }) => length > 0) ?? []
  if (!first) {
    throw new UserError(`there is no snapshot ${name}`, { hint: "'safelight snapshots' lists them." })
  }
  if (others.length > 0) {
    throw new UserError(
      `${name} can mean several snapshots: ${[first, ...others].map(recordName).join(', ')}`,
      {
        hint: 'Write one of them in full.',
      },
    )
  }
  return first
}

function sequenceNamed(ids: readonly RecordId[], name: string): RecordId[] {
  return ids.filter((id) => String(id.sequence) === name || recordName(id).startsWith(withDash(name)))
}

/** `7-01` begins the name of one record; `7` alone would also begin `70-...`. */
function withDash(name: string): string {
  return name.includes('-') ? name : `${name}-`
}

/** A run leaves checkpoints, and its last record is the snapshot. */
function runNamed(ids: readonly RecordId[], name: string): RecordId[] {
  const last = new Map<string, RecordId>()
  if (/^[0-9a-f]{4,16}$/.test(name)) {
    for (const id of ids) if (id.runId.startsWith(name)) last.set(id.runId, id)
  }
  return [...last.values()]
}

/** Reads from the newest record back until one of them is complete. */
async function newest(
  vault: Vault,
  host: string,
  ids: readonly RecordId[],
  options: CallOptions,
): Promise<StoredRecord> {
  for (let end = ids.length; end > 0;) {
    const start = beginOfSequence(ids, Math.max(0, end - 8))
    const { records, damaged } = await readableRecords(vault, host, ids.slice(start, end), options)
    const [found] = restorePoints(records)
    refuseNewerDamage(damaged, found)
    if (found) return found
    end = start
  }
  throw noSnapshot(host, ids, 'has no complete snapshot yet')
}

/** Records of one sequence are of a fork: they are compared with one another, so they are read together. */
function beginOfSequence(ids: readonly RecordId[], start: number): number {
  let begin = start
  while (begin > 0 && ids[begin - 1]?.sequence === ids[begin]?.sequence) begin -= 1
  return begin
}

async function newestAt(
  vault: Vault,
  host: string,
  ids: readonly RecordId[],
  at: Date,
  options: CallOptions,
): Promise<StoredRecord> {
  const { records, damaged } = await readableRecords(vault, host, ids, options)
  // Here the records' own times count: one that was made by a wrong clock is passed over, and those around it are not.
  const points = restorePoints(records).sort((a, b) => b.record.created.localeCompare(a.record.created))
  const found = points.find(({ record }) => Date.parse(record.created) <= at.getTime())
  const next = points.findLast(({ record }) => Date.parse(record.created) > at.getTime())
  const between = damaged.filter(({ id }) => !next || id.sequence < next.record.sequence)
  refuseNewerDamage(between, found)
  if (!found) throw noSnapshot(host, ids, `has no complete snapshot of ${at.toISOString()} or before`)
  return found
}

/** Falling back to an older snapshot is for a person to decide. */
function refuseNewerDamage(damaged: readonly DamagedRecord[], found: StoredRecord | undefined): void {
  const newer = damaged.filter(({ id }) => id.sequence > (found?.record.sequence ?? 0))
  const [worst] = newer
  if (!worst) return
  throw new UserError(
    `snapshot ${newer.map(({ id }) => recordName(id)).join(', ')} can't be read: ${worst.message}`,
    {
      hint: found
        ? `The newest one before is ${recordName(found.record)}, of ${found.record.created}: choose it with --snapshot.`
        : "'safelight snapshots' lists the readable ones.",
    },
  )
}

function noSnapshot(host: string, ids: readonly RecordId[], what: string): UserError {
  return new UserError(`host ${host} ${what}`, {
    hint:
      ids.length === 0
        ? 'Nothing was ever backed up under this host name here. Check the destination, and `host` in the configuration.'
        : "'safelight snapshots' lists what there is; a checkpoint can be chosen with --snapshot.",
  })
}
