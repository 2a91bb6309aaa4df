import { mkdirSync } from 'node:fs'
import { Manifest } from '../../manifest/manifest.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { RecordId } from '../../vault/record.ts'
import { recordName } from '../../vault/snapshots.ts'
import type { Vault } from '../../vault/vault.ts'
import { workingCopy } from '../stateFolder.ts'
import { findHeads } from './heads.ts'
import { HostChain } from './hostChain.ts'
import { knownRecords, localHead, markClean, markUse, uncommittedRows } from './localHead.ts'
import { importBranch, replaceManifest } from './replaceManifest.ts'

export interface ChainOptions extends CallOptions {
  host: string
  /** This host's own folder in the state directory. */
  folder: string
  runId: string
  now: Date
  /** Nothing will be written or committed, so what an earlier run left stays as it is. */
  readOnly: boolean
}

/**
 * Brings the manifest of a host up to its newest record: the local copy when it is that already, else it is fetched. After
 * a fork, contents that only the other branches know are taken over.
 * @param base of a part's chain: the host's record that it began from.
 * @throws UserError when the vault hides a record that this machine remembers.
 */
export async function openHostChain(
  vault: Vault,
  options: ChainOptions,
  base: RecordId | null = null,
): Promise<HostChain> {
  const { host, folder, runId, now, readOnly } = options
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = workingCopy(folder)
  let manifest = new Manifest(file)
  try {
    const local = localHead(manifest)
    const remembered = local && { head: local, known: knownRecords(manifest) }
    const { heads, listed } = await findHeads(vault, host, remembered, options)
    const current = local !== undefined && heads.some(({ key }) => key === local.key)
    const parents = current ? [local, ...heads.filter(({ key }) => key !== local.key)] : heads
    const [newest, ...others] = parents
    if (newest && !current) manifest = await replaceManifest(vault, manifest, file, newest, options)
    const sequence = Math.max(0, ...parents.map(({ record }) => record.sequence)) + 1
    const known = new Set(listed.map(recordName))
    const manifests = newest?.record.manifests ?? []
    const opened = { vault, host, folder, runId, base, manifest, parents, manifests, sequence, known }
    if (readOnly) return new HostChain(opened)
    if (current || !newest) takeOverUncommitted(manifest, local?.record.sequence ?? 0, sequence, now)
    for (const { record } of others) await importBranch(vault, manifest, record, sequence, folder, options)
    markUse(manifest, now)
    return new HostChain(opened)
  } catch (error) {
    manifest.close()
    throw error
  }
}

/** @param committed the sequence of the last record whose rows the working copy holds. */
function takeOverUncommitted(manifest: Manifest, committed: number, sequence: number, now: Date): void {
  const uncommitted = uncommittedRows(manifest, now)
  if (uncommitted === 'usable') manifest.adoptUncommitted(committed, sequence)
  if (uncommitted === 'outdated') {
    manifest.dropUncommitted(committed)
    markClean(manifest)
  }
}
