/*
 * Contents that are too large to be sent again: the upload of one that was interrupted goes on where it stopped, also
 * in a later run on another machine. A note in the vault says how it was begun; docs/format.md, "Notes on uploads".
 *
 * The one thing that must never happen is that two plaintexts are encrypted under one salt. So each part of the
 * content is read into memory and held against the marks of the note, and only then encrypted.
 */
import { ObjectEncryptor, type ObjectKey } from '../../crypto/envelope.ts'
import { ObjectExistsError, ObjectMissingError } from '../../storage/errors.ts'
import { UploadGoneError, UploadMismatchError, type ResumableUpload } from '../../storage/resumable.ts'
import type { Storage } from '../../storage/storage.ts'
import { objectContext } from '../../vault/layout.ts'
import { proveOurs, type ObjectDigest } from '../../vault/objects.ts'
import { checkedParts } from './checkedParts.ts'
import type { Watch } from './fileReading.ts'
import {
  beginUpload,
  findUpload,
  type LargeContent,
  type LargeStore,
  type LargeUpload,
} from './largeUpload.ts'
import { PieceWriter } from './pieceWriter.ts'
import { UnstableFileError } from './readFailures.ts'
import type { EarlierKey } from './storeMessages.ts'

/** What was stored, and under which key. */
export interface StoredLarge {
  object: ObjectDigest
  /** The key that it is encrypted under, where that is an earlier run's. */
  earlierKey: EarlierKey | undefined
}

/**
 * Stores a large content: goes on with an interrupted upload of it, or begins one.
 * @param key of this run. An upload that goes on keeps the key that it was begun under.
 * @param memory to read into.
 * @throws UnstableFileError when the content is no more what it was when it was read first.
 */
export async function storeLarge(
  store: LargeStore,
  content: LargeContent,
  key: ObjectKey,
  memory: Buffer,
  watch: Watch,
): Promise<StoredLarge> {
  const interrupted = await findUpload(store, content, watch)
  if (interrupted) {
    try {
      return await finish(store, content, interrupted, memory, watch)
    } catch (error) {
      if (!(error instanceof UploadGoneError || error instanceof UploadMismatchError)) throw error
    }
  }
  return await finish(store, content, await beginUpload(store, content, key, watch), memory, watch)
}

/**
 * Gives the whole object to an upload, and completes it.
 * @throws UploadGoneError | UploadMismatchError when the upload is of no more use, and the object is not there.
 */
async function finish(
  store: LargeStore,
  content: LargeContent,
  { upload, key, earlierKey, place, salt, pieceSize }: LargeUpload,
  memory: Buffer,
  watch: Watch,
): Promise<StoredLarge> {
  const { signal } = watch
  try {
    const encryptor = new ObjectEncryptor(key, objectContext(store.id, place), salt)
    await using writer = new PieceWriter(upload, pieceSize, signal)
    await writer.write(encryptor.lead)
    let position = 0
    for await (const part of checkedParts(content, memory)) {
      position += part.length
      await writer.seal(encryptor, part, position === content.size)
      watch.passed(part.length)
    }
    const object = await writer.end()
    await complete(store.storage, upload, place, object, writer.gone, watch)
    return { object, earlierKey }
  } catch (error) {
    if (error instanceof UnstableFileError || error instanceof UploadMismatchError)
      await upload.abandon({ signal })
    throw error
  }
}

/**
 * Makes the object appear. Where another run at the same upload was faster, or an answer was lost, what lies there is
 * byte for byte the same.
 */
async function complete(
  storage: Storage,
  upload: ResumableUpload,
  place: string,
  object: ObjectDigest,
  gone: UploadGoneError | undefined,
  { signal }: Watch,
): Promise<void> {
  try {
    if (gone) throw gone
    await upload.complete({ signal })
  } catch (error) {
    if (!(error instanceof ObjectExistsError || error instanceof UploadGoneError)) throw error
    try {
      await proveOurs(storage, place, object, { signal })
    } catch (doubt) {
      throw doubt instanceof ObjectMissingError ? error : doubt
    }
  }
}
