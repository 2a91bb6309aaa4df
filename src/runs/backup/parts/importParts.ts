import { importContents } from '../../../manifest/chain.ts'
import { importFiles } from '../../../manifest/importFiles.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { CallOptions } from '../../../storage/storage.ts'
import type { StoredRecord } from '../../../vault/snapshots.ts'
import type { Vault } from '../../../vault/vault.ts'
import { fetchAssembled, inTemporaryFolder } from '../replaceManifest.ts'

/**
 * Takes over what parts of a backup have done since they began, as rows of `sequence`: contents, and the files that have
 * them.
 */
export async function importParts(
  vault: Vault,
  manifest: Manifest,
  parts: readonly StoredRecord[],
  sequence: number,
  parentFolder: string,
  options: CallOptions,
): Promise<void> {
  await inTemporaryFolder(parentFolder, async (folder) => {
    for (const { record } of parts) {
      const after = record.part?.base?.sequence ?? 0
      const hasOwn = record.manifests.some(({ sequence }) => sequence > after)
      if (!hasOwn) continue
      const file = await fetchAssembled(vault, record, folder, options)
      importContents(manifest, file, sequence, after)
      importFiles(manifest, file, sequence, after)
    }
  })
}
