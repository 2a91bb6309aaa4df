/* Uploads of large contents: begun with a note in the vault, and found again by it. */
import { randomBytes } from 'node:crypto'
import { saltSize } from '../../crypto/cobblestone.ts'
import { objectSize, type ObjectKey } from '../../crypto/envelope.ts'
import { AccessDeniedError } from '../../storage/errors.ts'
import type { ResumableOptions, ResumableUpload, ResumableUploads } from '../../storage/resumable.ts'
import type { CallOptions, Storage } from '../../storage/storage.ts'
import type { StoredDataKey } from '../../vault/dataKeys.ts'
import { objectKey } from '../../vault/layout.ts'
import { readUploadNotes, storeUploadNote, type NoteVault } from '../../vault/uploadNotes.ts'
import { objectName } from '../../vault/vaultKeys.ts'
import { sha256Of, type ContentMarks } from './marks.ts'
import type { EarlierKey } from './storeMessages.ts'

/** Where large contents go. */
export interface LargeStore extends NoteVault {
  readonly storage: Storage
  /** Those of `storage`. */
  readonly resumable: ResumableUploads
  /** `AGE-SECRET-KEY-1...`: opens the data keys of earlier runs. */
  readonly identity: string
  /** Those that the data key of this run is wrapped for. */
  readonly recipients: readonly string[]
}

/** A content that was read once. */
export interface LargeContent extends ContentMarks {
  size: number
  /** Fills `target` with the bytes from `position` on. @throws UnstableFileError | ReadFailure */
  read: (target: Buffer, position: number) => Promise<void>
}

/** An upload that was begun, by this run or by an earlier one. */
export interface LargeUpload {
  upload: ResumableUpload
  key: ObjectKey
  /** The key, where it is an earlier run's. */
  earlierKey?: EarlierKey | undefined
  place: string
  salt: Uint8Array
  pieceSize: number
}

/** Size of the pieces of an object of `size` bytes, which is `usual` as long as an upload takes that many. */
export function pieceSizeFor(
  size: number,
  usual: number,
  { pieceUnit, maxPieces }: Pick<ResumableUploads, 'pieceUnit' | 'maxPieces'>,
): number {
  return Math.ceil(Math.max(usual, size / maxPieces) / pieceUnit) * pieceUnit
}

/** Begins an upload under the key of this run. */
export async function beginUpload(
  store: LargeStore,
  content: LargeContent,
  key: ObjectKey,
  { signal }: CallOptions,
): Promise<LargeUpload> {
  const { storage, resumable, recipients } = store
  const { size, partSize, marks } = content
  const place = objectKey(objectName(store.keys.names, sha256Of(content), key.id))
  const salt = randomBytes(saltSize)
  const pieceSize = pieceSizeFor(objectSize(size), storage.capabilities.partSize, resumable)
  const upload = await resumable.begin(place, { ...optionsFor(size, pieceSize), signal })
  const note = { salt, token: upload.token, size, partSize, marks, pieceSize, recipients: sorted(recipients) }
  await storeUploadNote(store, key, sha256Of(content), note, { signal })
  return { upload, key, place, salt, pieceSize }
}

/** Of the uploads of this very content that can go on, the one that got furthest. */
export async function findUpload(
  store: LargeStore,
  content: LargeContent,
  { signal }: CallOptions,
): Promise<LargeUpload | undefined> {
  let best: LargeUpload | undefined
  try {
    for await (const { note, key } of readUploadNotes(store, store.identity, sha256Of(content), { signal })) {
      const { salt, token, pieceSize } = note
      const same =
        note.size === content.size &&
        note.partSize === content.partSize &&
        content.marks.equals(note.marks) &&
        // Whoever is to read what this run stores could not, or somebody else could.
        note.recipients.join('\n') === sorted(store.recipients).join('\n')
      if (!same) continue
      const place = objectKey(objectName(store.keys.names, sha256Of(content), key.id))
      const options = { ...optionsFor(content.size, pieceSize), signal }
      const upload = await store.resumable.resume(place, token, options)
      if (!upload || upload.held < (best?.upload.held ?? 0)) continue
      best = { upload, key, earlierKey: earlierKeyOf(key), place, salt, pieceSize }
    }
  } catch (error) {
    // Credentials that may only create can't look for notes: for them there are none.
    if (!(error instanceof AccessDeniedError)) throw error
  }
  return best
}

function earlierKeyOf({ id, wrapped }: StoredDataKey): EarlierKey {
  const wrappedSha256 = wrapped.sha256.toString('hex')
  return { id: id.toString('hex'), wrappedSha256, wrappedSize: wrapped.size }
}

function optionsFor(size: number, pieceSize: number): ResumableOptions {
  return { kind: 'content', size: objectSize(size), pieceSize }
}

function sorted(recipients: readonly string[]): string[] {
  return [...recipients].sort()
}
