import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { assembleManifest, importContents } from '../../manifest/chain.ts'
import { Manifest } from '../../manifest/manifest.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { SnapshotRecord } from '../../vault/record.ts'
import type { StoredRecord } from '../../vault/snapshots.ts'
import type { Vault } from '../../vault/vault.ts'
import { fetchChain } from '../fetchChain.ts'
import { copyUse, localHead, rememberHead, uncommittedRows } from './localHead.ts'

/**
 * Replaces the working copy, which is missing or behind, by the manifest of a record. Contents that a dead run of this
 * machine stored but did not commit are taken over. Until the new copy is complete the old one stays, because it
 * remembers which record this machine has seen.
 * @param options.remembers whether the record is this machine's newest one of the host from now on; of a part's chain it is
 *   another host's.
 */
export async function replaceManifest(
  vault: Vault,
  old: Manifest,
  file: string,
  head: StoredRecord,
  options: { folder: string; now: Date; remembers?: boolean } & CallOptions,
): Promise<Manifest> {
  return await inTemporaryFolder(options.folder, async (folder) => {
    const { base, deltas } = await fetchChain(vault, head.record, folder, options)
    const assembled = join(folder, 'assembled.sqlite')
    const manifest = assembleManifest(base, deltas, assembled)
    if (options.remembers ?? true) rememberHead(manifest, head)
    const committed = localHead(old)?.record.sequence ?? 0
    const usable = uncommittedRows(old, options.now) === 'usable'
    if (usable) copyUse(old, manifest)
    old.close()
    if (usable) importContents(manifest, file, head.record.sequence + 1, committed)
    const hasNews = manifest.hasNews
    manifest.close()
    // The old one's log stays while another process has it open, and SQLite would take it for the new one's.
    for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true })
    renameSync(assembled, file)
    const replaced = new Manifest(file)
    if (hasNews) replaced.adoptUncommitted(head.record.sequence, head.record.sequence + 1)
    return replaced
  })
}

/** Takes over the contents that only another branch of a fork knows. */
export async function importBranch(
  vault: Vault,
  manifest: Manifest,
  branch: SnapshotRecord,
  sequence: number,
  parentFolder: string,
  options: CallOptions,
): Promise<void> {
  await inTemporaryFolder(parentFolder, async (folder) => {
    importContents(manifest, await fetchAssembled(vault, branch, folder, options), sequence)
  })
}

/** Fetches the manifest of a record into one file of a folder, in the place of the one before. @returns its path. */
export async function fetchAssembled(
  vault: Vault,
  record: SnapshotRecord,
  folder: string,
  options: CallOptions,
): Promise<string> {
  const { base, deltas } = await fetchChain(vault, record, folder, options)
  const file = join(folder, 'assembled.sqlite')
  assembleManifest(base, deltas, file).close()
  return file
}

/** Does something in a folder that is gone afterwards. */
export async function inTemporaryFolder<T>(parent: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(parent, 'fetch-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
