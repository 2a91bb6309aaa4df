import type { Database } from 'better-sqlite3'
import { packLocation, type ContentLocation } from '../../manifest/view.ts'
import type { Storage } from '../../storage/storage.ts'
import { objectKey, packPrefix } from '../../vault/layout.ts'
import type { Vault } from '../../vault/vault.ts'
import { objectName } from '../../vault/vaultKeys.ts'

/** A content to read, as plain data for a worker thread. */
export interface ReadContent {
  /** Row id in the manifest. */
  id: number
  /** Hexadecimal. */
  sha256: string
  size: number
  /** Where it begins in the object's plaintext. */
  offset: number
}

/** An object of the vault, and what is wanted of it: one content, or some or all contents of a pack. */
export interface ReadObject<C extends ReadContent = ReadContent> {
  /** Where it lies in the vault. */
  key: string
  /** Of the data key, hexadecimal. */
  keyId: string
  plaintextSize: number
  /** Hexadecimal. */
  ciphertextSha256: string
  /** By offset. */
  contents: C[]
}

/** Where objects are read from. */
export interface ObjectSource {
  storage: Pick<Storage, 'read' | 'stat'>
  vaultId: string
  /** Hears of bytes as they are read. */
  onBytes: (bytes: number) => void
}

/** The plain data of a content. */
export function readContent(location: ContentLocation): ReadContent {
  return {
    id: location.id,
    sha256: location.sha256.toString('hex'),
    size: location.size,
    offset: location.packOffset ?? 0,
  }
}

/**
 * Groups contents by the object that holds them.
 * @param locations with the contents of a pack one after the other, as every query of `manifest/view.ts` orders them.
 * @throws Error when the manifest does not say where a content lies.
 */
export function* objectsOf<L extends ContentLocation, C extends ReadContent>(
  vault: Vault,
  db: Database,
  locations: Iterable<L>,
  contentOf: (location: L) => C,
): Generator<ReadObject<C>, void, undefined> {
  let pack: { id: number; object: ReadObject<C> } | undefined
  for (const location of locations) {
    const content = contentOf(location)
    if (pack && (location.pack !== pack.id || pack.object.contents.length >= contentsAtOnce)) {
      yield pack.object
      pack = undefined
    }
    if (location.pack === null) yield ownObject(vault, location, content)
    else {
      pack ??= { id: location.pack, object: emptyPackObject(db, location.pack) }
      pack.object.contents.push(content)
    }
  }
  if (pack) yield pack.object
}

/** A pack with more contents is read in several turns, so that no manifest can fill our memory. */
const contentsAtOnce = 20_000

function ownObject<C extends ReadContent>(
  vault: Vault,
  location: ContentLocation,
  content: C,
): ReadObject<C> {
  const { keyId, ciphertextSha256, sha256 } = location
  if (!keyId || !ciphertextSha256)
    throw new Error(`the manifest does not say where content ${location.id} lies`)
  return {
    key: objectKey(objectName(vault.keys.names, sha256, keyId)),
    keyId: keyId.toString('hex'),
    plaintextSize: location.size,
    ciphertextSha256: ciphertextSha256.toString('hex'),
    contents: [content],
  }
}

function emptyPackObject<C extends ReadContent>(db: Database, id: number): ReadObject<C> {
  const { name, keyId, plaintextSize, ciphertextSha256 } = packLocation(db, id)
  return {
    key: `${packPrefix}${name}`,
    keyId: keyId.toString('hex'),
    plaintextSize,
    ciphertextSha256: ciphertextSha256.toString('hex'),
    contents: [],
  }
}
