import { join } from 'node:path'
import type { CallOptions } from '../storage/storage.ts'
import { fetchManifest } from '../vault/manifests.ts'
import type { SnapshotRecord } from '../vault/record.ts'
import type { Vault } from '../vault/vault.ts'

/**
 * Fetches every manifest that a snapshot needs into an existing folder, under names that the folder does not have yet.
 * @returns the files: the base, and its deltas in order.
 */
export async function fetchChain(
  vault: Vault,
  record: SnapshotRecord,
  folder: string,
  options: CallOptions,
): Promise<{ base: string; deltas: string[] }> {
  const files = record.manifests.map((_, i) => join(folder, `${record.sequence}-${record.runId}-${i}.sqlite`))
  for (const [i, manifest] of record.manifests.entries()) {
    await fetchManifest(vault, manifest, files[i] ?? '', options)
  }
  const [base = '', ...deltas] = files
  return { base, deltas }
}
