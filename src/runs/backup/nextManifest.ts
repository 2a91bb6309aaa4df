import { statSync } from 'node:fs'
import { writeDeltaManifest, writeFullManifest } from '../../manifest/chain.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { StoredManifest } from '../../vault/record.ts'

/** A reader needs the base and at most so many deltas. */
const maxDeltas = 30
/** Deltas up to this size together, in bytes, are never worth a new base. */
const smallDeltas = 256 * 1024

/**
 * Writes the next manifest of a chain into a file: a delta to the chain; or, when the chain is long, one delta that
 * stands for all of its deltas; or, when the deltas grow beyond half of the base, a new base.
 * @returns its kind, and the manifests of the chain that are still needed before it.
 */
export function writeNextManifest(
  manifest: Manifest,
  chain: readonly StoredManifest[],
  file: string,
): { kind: StoredManifest['kind']; after: StoredManifest[] } {
  const [base, ...deltas] = chain
  if (base) {
    const kept = deltas.length < maxDeltas ? deltas : []
    writeDeltaManifest(manifest, file, (kept.at(-1) ?? base).sequence)
    const size = kept.reduce((sum, { plaintextSize }) => sum + plaintextSize, statSync(file).size)
    if (size <= Math.max(smallDeltas, base.plaintextSize / 2))
      return { kind: 'delta', after: [base, ...kept] }
  }
  writeFullManifest(manifest, file)
  return { kind: 'full', after: [] }
}
