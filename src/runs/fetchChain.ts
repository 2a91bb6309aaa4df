import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { errorMessage, UserError } from '../shared/errors.ts'
import type { CallOptions } from '../storage/storage.ts'
import { fetchSqlite } from '../vault/manifests.ts'
import type { SnapshotRecord } from '../vault/record.ts'
import { recordName } from '../vault/snapshots.ts'
import type { Vault } from '../vault/vault.ts'
import { isLoss } from './loss.ts'

/** A manifest that a snapshot needs is gone, or is not what was stored. Snapshots that do not need it are not harmed. */
export class UnreadableManifestError extends UserError {
  readonly key: string
  constructor(record: SnapshotRecord, key: string, cause: unknown) {
    super(
      `snapshot ${recordName(record)} can't be read: its manifest ${key} is lost (${errorMessage(cause)})`,
      {
        hint: 'Choose another snapshot; every full manifest stands on its own.',
        cause,
      },
    )
    this.key = key
  }
}

/**
 * Fetches every manifest that a snapshot needs into an existing folder. What another chain brought there already is not
 * fetched again.
 * @returns the files: the base, and its deltas in order.
 * @throws UnreadableManifestError; an error of the storage.
 */
export async function fetchChain(
  vault: Vault,
  record: SnapshotRecord,
  folder: string,
  options: CallOptions,
): Promise<{ base: string; deltas: string[] }> {
  const files = record.manifests.map(({ sha256 }) => join(folder, `${sha256}.sqlite`))
  for (const [i, manifest] of record.manifests.entries()) {
    const file = files[i] ?? ''
    if (existsSync(file)) continue
    try {
      await fetchSqlite(vault, manifest, file, options)
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!isLoss(error)) throw error
      throw new UnreadableManifestError(record, manifest.key, error)
    }
  }
  const [base = '', ...deltas] = files
  return { base, deltas }
}
