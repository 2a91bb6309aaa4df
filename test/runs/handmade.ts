import { createHash, randomBytes } from 'node:crypto'
import { encryptObject } from '../../src/crypto/envelope.ts'
import { entryTypes, type EntryType } from '../../src/manifest/entry.ts'
import type { HostChain } from '../../src/runs/backup/hostChain.ts'
import { openHostChain } from '../../src/runs/backup/openHostChain.ts'
import { hostFolder } from '../../src/runs/stateFolder.ts'
import { createDataKey, type StoredDataKey } from '../../src/vault/dataKeys.ts'
import { objectContext, objectKey } from '../../src/vault/layout.ts'
import { createObject, sha256 } from '../../src/vault/objects.ts'
import type { StoredRecord } from '../../src/vault/snapshots.ts'
import type { Vault } from '../../src/vault/vault.ts'
import { objectName } from '../../src/vault/vaultKeys.ts'
import { openTestVault, type TestVault } from './backedUp.ts'

/** A path as it is written into the manifest: unlike a backup, nothing here keeps it from being nonsense. */
export interface HandmadeEntry {
  /** Path of its directory in the vault's tree; its parts become names of directories as they are. */
  directory: string
  name: string
  /** Of a file. */
  bytes?: Uint8Array
  /** Of a file: the row of a content in the place of its own, whether there is such a row or not. */
  content?: number
  /** Of a symbolic link. */
  target?: string
  mode?: number
}

/** Commits a snapshot with exactly these paths, as somebody could who holds the keys of the vault and means harm. */
export async function commitByHand(
  test: TestVault,
  entries: readonly HandmadeEntry[],
  { complete = true, created = new Date() } = {},
): Promise<StoredRecord> {
  await using opened = await openTestVault(test)
  const { vault } = opened
  const chain = await openHostChain(vault, {
    host: 'main',
    folder: hostFolder(test.state, vault.id, 'main'),
    runId: randomBytes(8).toString('hex'),
    now: created,
    readOnly: false,
  })
  try {
    const key = await createDataKey(vault, [test.identity.recipient], {})
    const keyRow = chain.manifest.addDataKey(key.id, key.wrapped, chain.sequence)
    for (const entry of entries) {
      const own = entry.bytes && (await contentRow(chain, vault, key, keyRow, entry.bytes))
      chain.manifest.putEntry(
        chain.manifest.directoryId(entry.directory, chain.sequence),
        {
          ...metadata,
          mode: entry.mode ?? 0o644,
          name: entry.name,
          type: typeOf(entry),
          content: entry.content ?? own,
          target: entry.target,
        },
        chain.sequence,
      )
    }
    return await chain.commit({ ...draft, complete }, created, {})
  } finally {
    chain.close()
  }
}

async function contentRow(
  chain: HostChain,
  vault: Vault,
  key: StoredDataKey,
  dataKey: number,
  bytes: Uint8Array,
): Promise<number> {
  const hash = createHash('sha256').update(bytes).digest()
  const known = chain.manifest.findContent(hash)
  if (known) return known.id
  const place = objectKey(objectName(vault.keys.names, hash, key.id))
  const object = encryptObject(key, objectContext(vault.id, place), bytes)
  await createObject(vault.storage, place, object, { kind: 'content' })
  const content = { sha256: hash, size: bytes.length, dataKey, ciphertextSha256: sha256(object) }
  return chain.manifest.addContent(content, chain.sequence)
}

function typeOf({ bytes, target }: HandmadeEntry): EntryType {
  if (bytes) return entryTypes.file
  return target === undefined ? entryTypes.directory : entryTypes.symlink
}

const time = Date.UTC(2026, 0, 1) * 1000
const metadata = { uid: 0, gid: 0, mtime: time, ctime: time, atime: time, birthtime: time, inode: 1 }
const nothing = { added: 0, changed: 0, archived: 0, storedContents: 0, storedBytes: 0 }
const draft = {
  started: new Date(0).toISOString(),
  program: 'by hand',
  immich: null,
  postgres: null,
  database: null,
  heads: {},
  counts: { files: 0, bytes: 0, directories: 0, symlinks: 0 },
  changes: { ...nothing, unreadable: 0, unstable: 0, deferred: 0 },
  crossCheck: null,
  sharpDrop: false,
  warnings: [],
}
