import { randomBytes } from 'node:crypto'
import { saltSize } from '../../crypto/cobblestone.ts'
import { ObjectEncryptor, objectSize, sealPiece, type ObjectKey } from '../../crypto/envelope.ts'
import { defaultRetryPolicy, retrying } from '../../storage/retry.ts'
import type { Storage } from '../../storage/storage.ts'
import { objectContext, objectKey } from '../../vault/layout.ts'
import { createObjectFromStream, type ObjectDigest } from '../../vault/objects.ts'
import { objectName } from '../../vault/vaultKeys.ts'
import { checkedParts } from './checkedParts.ts'
import { pieceSize } from './contentSizes.ts'
import type { Watch } from './fileReading.ts'
import type { LargeContent } from './largeUpload.ts'
import { sha256Of } from './marks.ts'

/** Where a content goes. */
export interface ContentPlace {
  storage: Storage
  vaultId: string
  /** Key of the object names. */
  names: Uint8Array
}

/**
 * Stores a content that memory can't hold by one upload. One that broke off, for a reason that may pass, begins anew: with
 * the same bytes, so that an object whose first answer was lost is known again.
 * @param memory to read into.
 * @throws UnstableFileError when the content is no more what it was when it was read first.
 */
export async function storeAtOnce(
  { storage, vaultId, names }: ContentPlace,
  content: LargeContent,
  key: ObjectKey,
  memory: Buffer,
  { signal, passed }: Watch,
  policy = defaultRetryPolicy,
): Promise<ObjectDigest> {
  const place = objectKey(objectName(names, sha256Of(content), key.id))
  const salt = randomBytes(saltSize)
  return await retrying(
    async () => {
      const encryptor = new ObjectEncryptor(key, objectContext(vaultId, place), salt)
      let sent = 0
      const source = sealedPieces(encryptor, content, memory, (bytes) => {
        sent += bytes
        passed(bytes)
      })
      const options = { kind: 'content', signal, size: objectSize(content.size) } as const
      try {
        return await createObjectFromStream(storage, place, source, options)
      } catch (error) {
        passed(-sent)
        throw error
      }
    },
    { policy, signal },
  )
}

/** The object of a content, in pieces that are their consumer's. */
async function* sealedPieces(
  encryptor: ObjectEncryptor,
  content: LargeContent,
  memory: Buffer,
  passed: (bytes: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  yield encryptor.lead
  let left = content.size
  for await (const part of checkedParts(content, memory)) {
    for (let at = 0; at < part.length; at += pieceSize) {
      const piece = part.subarray(at, at + pieceSize)
      left -= piece.length
      yield sealPiece(encryptor, piece, left === 0)
      passed(piece.length)
    }
  }
}
