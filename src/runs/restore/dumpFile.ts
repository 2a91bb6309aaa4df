import { immichRestoreName } from '../../immich/dumpName.ts'
import type { SnapshotView } from '../../manifest/view.ts'
import type { SnapshotRecord, StoredDump } from '../../vault/record.ts'
import type { ReadObject } from '../read/object.ts'
import type { FileChoices } from './files.ts'
import { ownerOf } from './folders.ts'
import type { FileTarget, PathMetadata, RestoreContent } from './target.ts'

/** The database dump of a snapshot, and where it is laid. */
export interface WantedDump {
  stored: StoredDump
  /** Path in the vault's tree. */
  treePath: string
  size: number
}

/** The dump, unless there is none or the filter leaves it out. */
export function wantedDump(record: SnapshotRecord, { filter }: FileChoices): WantedDump | undefined {
  const { database, immich, postgres } = record
  if (!database) return undefined
  const name = immichRestoreName({
    time: new Date(database.taken),
    immichVersion: immich?.version ?? 'unknown',
    postgresVersion: postgres?.version ?? 'unknown',
  })
  const treePath = `backups/${name}`
  if (filter && !filter(treePath)) return undefined
  return { stored: database, treePath, size: database.plaintextSize }
}

/** It holds password hashes: only its owner may read it, who is that of Immich's other files. */
export function dumpMetadata({ stored }: WantedDump, view: SnapshotView): PathMetadata {
  const time = Date.parse(stored.taken) * 1000
  const { uid, gid } = ownerOf(view) ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  return { mode: 0o600, uid, gid, atime: time, mtime: time }
}

/** The dump as an object to read: one content, like any other. */
export function dumpObject(
  { stored }: WantedDump,
  id: number,
  target: FileTarget,
): ReadObject<RestoreContent> {
  const { key, keyId, plaintextSize, sha256, plaintextSha256 } = stored
  const content = { id, sha256: plaintextSha256, size: plaintextSize, offset: 0, targets: [target] }
  return { key, keyId, plaintextSize, ciphertextSha256: sha256, contents: [content] }
}
