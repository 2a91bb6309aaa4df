import { errorMessage } from '../../shared/errors.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { RecordId, SnapshotRecord } from '../../vault/record.ts'
import { recordName, type StoredRecord } from '../../vault/snapshots.ts'
import type { Vault } from '../../vault/vault.ts'
import { failureOf } from '../read/outcome.ts'
import { listVerifications, readVerification, unpackIds, type VerificationDocument } from './document.ts'
import type { Population } from './population.ts'

/** So many verifications are read back at most: the older ones tell of times that hardly matter any more. */
const mostDocuments = 1000

/**
 * Reads from the vault what earlier verifications found good, newest first, until one of them had read everything.
 * @param chains the record whose chain of manifests has each number.
 * @returns warnings about those that can't be read, for people.
 */
export async function recallVerifications(
  vault: Vault,
  host: string,
  known: { population: Population; chains: readonly SnapshotRecord[]; records: readonly StoredRecord[] },
  options: CallOptions,
): Promise<string[]> {
  const ancestry = new Ancestry(known.records)
  const warnings: string[] = []
  for (const key of (await listVerifications(vault, options)).slice(0, mostDocuments)) {
    const document = await readOr(vault, key, warnings, options)
    if (document?.host !== host || document.level === 'list') continue
    recall(known.population, known.chains, ancestry, document)
    if (document.level === 'read' && document.through.length > 0) break
  }
  return warnings
}

function recall(
  population: Population,
  chains: readonly SnapshotRecord[],
  ancestry: Ancestry,
  document: VerificationDocument,
): void {
  const kind = document.level === 'read' ? 'read' : 'stored'
  const time = new Date(document.started)
  population.recall(unpackIds(document.objects), kind, time)
  population.recall(unpackIds(document.bad), kind, 'bad')
  if (document.through.length === 0) return
  const seen = ancestry.of(document.through)
  for (const [chain, record] of chains.entries()) {
    population.recallUpTo(chain, ancestry.sequenceWithin(record, seen), kind, time)
  }
}

async function readOr(
  vault: Vault,
  key: string,
  warnings: string[],
  options: CallOptions,
): Promise<VerificationDocument | undefined> {
  try {
    return await readVerification(vault, key, options)
  } catch (error) {
    if (!(error instanceof SyntaxError || isSchemaError(error))) failureOf(error)
    warnings.push(`the earlier verification ${key} can't be read: ${errorMessage(error)}`)
    return undefined
  }
}

function isSchemaError(error: unknown): boolean {
  return error instanceof Error && error.name === 'ZodError'
}

/** Which records follow which. */
class Ancestry {
  readonly #parents: ReadonlyMap<string, readonly RecordId[]>

  constructor(records: readonly StoredRecord[]) {
    this.#parents = new Map(records.map(({ record }) => [recordName(record), record.parents]))
  }

  /** These records and all before them, by name. */
  of(ids: readonly RecordId[]): Map<string, RecordId> {
    const found = new Map<string, RecordId>()
    const pending = [...ids]
    for (let id = pending.pop(); id; id = pending.pop()) {
      if (found.has(recordName(id))) continue
      found.set(recordName(id), id)
      pending.push(...(this.#parents.get(recordName(id)) ?? []))
    }
    return found
  }

  /**
   * The last sequence up to which all that a record builds on had been seen. In a fork, contents of a branch that was
   * not seen have sequences of that branch, so what lies beyond its first record counts as not seen.
   */
  sequenceWithin(record: RecordId, seen: ReadonlyMap<string, RecordId>): number {
    const unseen = [...this.of([record])].filter(([name]) => !seen.has(name)).map(([, id]) => id.sequence)
    return Math.min(record.sequence, ...unseen.map((sequence) => sequence - 1))
  }
}
