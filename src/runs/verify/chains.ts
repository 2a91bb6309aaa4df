import { rm } from 'node:fs/promises'
import { assembleManifest } from '../../manifest/chain.ts'
import { brokenReference } from '../../manifest/contents.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { UserError } from '../../shared/errors.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { fetchSqlite } from '../../vault/manifests.ts'
import type { SnapshotRecord } from '../../vault/record.ts'
import type { StoredRecord } from '../../vault/snapshots.ts'
import type { Vault } from '../../vault/vault.ts'
import type { Findings } from './finding.ts'

/**
 * The records whose chains of manifests together hold every manifest of all these records: a chain that another one
 * only continues is left out. Newest first.
 */
export function longestChains(records: readonly StoredRecord[]): SnapshotRecord[] {
  const continued = new Set(
    records.flatMap(({ record }) => record.manifests.slice(0, -1).map(({ key }) => key)),
  )
  const chains = new Map<string, SnapshotRecord>()
  for (const { record } of records.toSorted((a, b) => b.record.sequence - a.record.sequence)) {
    const last = record.manifests.at(-1)?.key ?? ''
    if (!continued.has(last) && !chains.has(last)) chains.set(last, record)
  }
  return [...chains.values()]
}

/**
 * Fetches every manifest that a snapshot needs and makes a working copy of them.
 * @param file where the working copy is made; `file.0`, `file.1`, ... beside it are used meanwhile.
 * @returns undefined when one of them is not in order, which the findings then tell.
 */
export async function openChain(
  vault: Vault,
  record: SnapshotRecord,
  file: string,
  findings: Findings,
  options: CallOptions,
): Promise<Manifest | undefined> {
  const parts = record.manifests.map((manifest, i) => ({ manifest, file: `${file}.${i}` }))
  try {
    let whole = true
    for (const { manifest, file: part } of parts) {
      whole &&= await findings.check(
        manifest.key,
        async () => await fetchSqlite(vault, manifest, part, options),
      )
    }
    return whole ? await assembleChecked(record, parts, file, findings) : undefined
  } finally {
    for (const { file: part } of parts) await rm(part, { force: true })
  }
}

async function assembleChecked(
  record: SnapshotRecord,
  parts: readonly { file: string }[],
  file: string,
  findings: Findings,
): Promise<Manifest | undefined> {
  const [base = '', ...deltas] = parts.map((part) => part.file)
  const key = record.manifests.at(-1)?.key ?? ''
  let manifest: Manifest | undefined
  const good = await findings.check(key, async () => {
    manifest = assembleManifest(base, deltas, file)
    const broken = brokenReference(manifest.db)
    if (broken) throw new UserError(`the manifest contradicts itself: ${broken}`)
  })
  if (good) return manifest
  manifest?.close()
  return undefined
}
