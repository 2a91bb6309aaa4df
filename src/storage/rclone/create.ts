import { createHash } from 'node:crypto'
import { ObjectExistsError, StorageError } from '../errors.ts'
import { temporaryFolder } from '../keys.ts'
import type { CallOptions } from '../storage.ts'
import { temporaryName } from '../temporaryNames.ts'
import type { HashName, RcloneAbilities, RcloneRemote } from './remote.ts'

/** How long it may take to remove the temporary file of a create that failed, in milliseconds. */
const removeMs = 10_000

/** What becomes an object. */
export interface NewObject {
  key: string
  /** Gives its last chunk only when it has ended well. Each chunk is done with when the next one is asked for. */
  source: AsyncIterable<Uint8Array>
  /** In bytes, where known. */
  size: number | undefined
}

/**
 * Creates an object. Where the remote can move files, what is unfinished lies in the folder for temporary files and gets
 * its name when it is whole and was looked at; elsewhere the remote itself shows a file only when it is whole.
 * @throws ObjectExistsError when a file was there before. Another writer that creates the same object in between is not
 *   noticed: one of the two is there in the end, whole.
 */
export async function createFile(
  remote: RcloneRemote,
  abilities: RcloneAbilities,
  object: NewObject,
  options: CallOptions,
): Promise<void> {
  if (abilities.moves) await moveIntoPlace(remote, abilities, object, options)
  else await writeInPlace(remote, abilities, object, options)
}

async function moveIntoPlace(
  remote: RcloneRemote,
  { hash }: RcloneAbilities,
  { key, ...body }: NewObject,
  options: CallOptions,
): Promise<void> {
  const temporary = `${temporaryFolder}/${temporaryName()}`
  try {
    await writeChecked(remote, hash, { key: temporary, ...body }, options)
    await remote.moveUnlessTaken(temporary, key, options)
    if (await remote.stat(temporary, options)) throw new ObjectExistsError(key)
  } catch (error) {
    // The upload has failed for a reason of its own. What can't be removed now is a leftover.
    await remote.remove(temporary, { signal: AbortSignal.timeout(removeMs) }).catch(() => undefined)
    throw error
  }
}

async function writeInPlace(
  remote: RcloneRemote,
  { hash }: RcloneAbilities,
  object: NewObject,
  options: CallOptions,
): Promise<void> {
  if (await remote.stat(object.key, options)) throw new ObjectExistsError(object.key)
  try {
    await writeChecked(remote, hash, object, options)
  } catch (error) {
    // Whose it is nobody can say: another writer may have come in between. So it stays, and is told as what it is.
    if (error instanceof OtherBytesError) throw new ObjectExistsError(object.key, { cause: error })
    throw error
  }
}

/** What lies under a name after a write is not what was written. */
class OtherBytesError extends StorageError {
  constructor(key: string, what: string) {
    super(`rclone stored ${key}, but ${what}`, { transient: true })
    this.name = 'OtherBytesError'
  }
}

/** Writes a file, and asks the remote for its size and hash. @throws OtherBytesError */
async function writeChecked(
  remote: RcloneRemote,
  hash: HashName | undefined,
  { key, source, size }: NewObject,
  { signal }: CallOptions,
): Promise<void> {
  const hasher = hash && createHash(hash)
  let sent = 0
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of source) {
      hasher?.update(chunk)
      sent += chunk.length
      yield chunk
    }
  }
  await remote.write(key, counted(), { size, signal })
  const arrived = await remote.stat(key, { hash, expectedSize: sent, signal })
  const expected = hasher?.digest('hex')
  if (arrived === undefined) {
    throw new StorageError(`rclone stored ${key}, but it is not there`, { transient: true })
  }
  if (arrived.size !== sent) throw new OtherBytesError(key, `it has ${arrived.size} of ${sent} bytes`)
  // Not every file of a remote has its hash: S3 has none of one that came in parts.
  const hashed = arrived.hash ?? ''
  if (hashed !== '' && hashed !== expected) throw new OtherBytesError(key, `its ${hash} is another one`)
}
