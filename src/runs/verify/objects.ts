import { objectSize } from '../../crypto/envelope.ts'
import { ContentFinder } from '../../manifest/contents.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { packLocation } from '../../manifest/view.ts'
import { objectKey, packPrefix } from '../../vault/layout.ts'
import type { Vault } from '../../vault/vault.ts'
import { objectName } from '../../vault/vaultKeys.ts'
import { objectsOf, readContent, type ReadContent, type ReadObject } from '../read/object.ts'
import type { PopulationObject } from './population.ts'
import type { ExpectedObject } from './sizes.ts'

/** An open chain of manifests. */
export interface OpenChain {
  manifest: Manifest
  finder: ContentFinder
}

/** A content to read, and the chain whose manifest has it. */
export interface ChainContent extends ReadContent {
  chain: number
}

/** What has to be read of objects, and from where. */
export function* readsOf(
  vault: Vault,
  chains: readonly OpenChain[],
  objects: Iterable<PopulationObject>,
): Generator<ReadObject<ChainContent>, void, undefined> {
  for (const { chain, isPack, row } of objects) {
    const open = chainAt(chains, chain)
    const contents = isPack ? open.finder.contentsOfPack(row) : open.finder.content(row)
    yield* objectsOf(vault, open.manifest.db, contents, (location) => ({
      ...readContent(location),
      chain,
    }))
  }
}

/** Where objects should lie, and with how many bytes. */
export function* placesOf(
  vault: Vault,
  chains: readonly OpenChain[],
  objects: Iterable<PopulationObject>,
): Generator<ExpectedObject, void, undefined> {
  for (const { chain, isPack, row, plaintextSize } of objects) {
    const open = chainAt(chains, chain)
    const key = isPack
      ? packPrefix + packLocation(open.manifest.db, row).name
      : contentPlace(vault, open, row)
    yield { key, size: objectSize(plaintextSize) }
  }
}

function contentPlace(vault: Vault, { finder }: OpenChain, row: number): string {
  const [location] = finder.content(row)
  if (!location?.keyId) throw new Error(`the manifest does not say where content ${row} lies`)
  return objectKey(objectName(vault.keys.names, location.sha256, location.keyId))
}

function chainAt(chains: readonly OpenChain[], chain: number): OpenChain {
  const open = chains[chain]
  if (!open) throw new Error(`there is no chain ${chain}`)
  return open
}
