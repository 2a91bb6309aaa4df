import { mkdirSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { Manifest } from '../../../manifest/manifest.ts'
import type { RecordId } from '../../../vault/record.ts'
import { recordName, type StoredRecord } from '../../../vault/snapshots.ts'
import type { Vault } from '../../../vault/vault.ts'
import { workingCopy } from '../../stateFolder.ts'
import { findHeads } from '../heads.ts'
import { HostChain } from '../hostChain.ts'
import { markUse } from '../localHead.ts'
import { openHostChain, type ChainOptions } from '../openHostChain.ts'
import { importBranch, replaceManifest } from '../replaceManifest.ts'
import { importParts } from './importParts.ts'
import { partHost, type PartShare } from './part.ts'

/**
 * Opens the chain of a part: it goes on where it was, as long as the host has no newer record. Once it has one, the
 * part begins from there, and takes over what it had done by itself.
 * @param options.host the host whose part it is.
 * @param options.folder the part's own folder in the state directory.
 */
export async function openPartChain(
  vault: Vault,
  part: PartShare,
  options: ChainOptions,
): Promise<HostChain> {
  const host = partHost(options.host, part)
  const [theirs, ours] = await Promise.all([
    findHeads(vault, options.host, undefined, options),
    findHeads(vault, host, undefined, options),
  ])
  const [base, ...forks] = theirs.heads
  const begunFrom = ours.heads[0]?.record.part?.base
  if (!base || isDeepStrictEqual(begunFrom, idOf(base)))
    return await openHostChain(vault, { ...options, host }, begunFrom ?? null)

  const { folder, runId, now } = options
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = workingCopy(folder)
  let manifest = new Manifest(file)
  try {
    manifest = await replaceManifest(vault, manifest, file, base, { ...options, remembers: false })
    const sequence = 1 + Math.max(...[base, ...ours.heads].map(({ record }) => record.sequence))
    for (const { record } of forks) await importBranch(vault, manifest, record, sequence, folder, options)
    await importParts(vault, manifest, ours.heads, sequence, folder, options)
    markUse(manifest, now)
    const known = new Set(ours.listed.map(recordName))
    const line = { base: idOf(base), parents: ours.heads, manifests: base.record.manifests, sequence, known }
    return new HostChain({ vault, host, folder, runId, manifest, ...line })
  } catch (error) {
    manifest.close()
    throw error
  }
}

function idOf({ record: { sequence, runId } }: StoredRecord): RecordId {
  return { sequence, runId }
}
