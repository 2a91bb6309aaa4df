/*
 * Whoever joins the parts of a backup holds the dump against the files. It may be another machine than the one that made the
 * dump, and hours later: so the files that the dump names are kept beside it.
 */
import { join } from 'node:path'
import type { CallOptions } from '../../../storage/storage.ts'
import { catalogueKey } from '../../../vault/layout.ts'
import { fetchSqlite, storeSqlite } from '../../../vault/manifests.ts'
import type { StoredCatalogue } from '../../../vault/record.ts'
import type { Vault } from '../../../vault/vault.ts'
import { inTemporaryFolder } from '../replaceManifest.ts'
import type { WorkList } from '../workList.ts'

/** Stores the files that a work list expects. @param place a folder of ours, for what is on its way. */
export async function storeCatalogue(
  vault: Vault,
  work: WorkList,
  { host, runId, folder }: { host: string; runId: string; folder: string },
  options: CallOptions,
): Promise<Omit<StoredCatalogue, 'assets' | 'warnings'>> {
  return await inTemporaryFolder(folder, async (temporary) => {
    const file = join(temporary, 'catalogue.sqlite')
    work.saveExpectedFiles(file)
    return await storeSqlite(vault, catalogueKey(host, runId), file, options)
  })
}

/** Makes a work list expect the files that {@link storeCatalogue} stored. */
export async function fetchCatalogue(
  vault: Vault,
  work: WorkList,
  catalogue: StoredCatalogue,
  folder: string,
  options: CallOptions,
): Promise<void> {
  await inTemporaryFolder(folder, async (temporary) => {
    const file = join(temporary, 'catalogue.sqlite')
    await fetchSqlite(vault, catalogue, file, options)
    work.loadExpectedFiles(file)
  })
}
