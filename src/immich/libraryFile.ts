import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import { errorCode } from '../shared/errors.ts'
import { fsPath } from '../shared/bytePath.ts'

/** A path of the library is no regular file any more. */
export class NotAFileError extends Error {
  constructor() {
    super('is no regular file any more')
    this.name = 'NotAFileError'
  }
}

/** Read, and nothing else: follow no symbolic link, and don't wait for the other end of a pipe. */
export const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * Opens a file of the library to read, and never otherwise. Access times stay as they are where the kernel allows it
 * (to the file's owner and root), symbolic links are not followed, and a pipe in the file's place does not block.
 * @throws NotAFileError, or a system error.
 */
export async function openLibraryFile(path: string): Promise<{ handle: FileHandle; stats: BigIntStats }> {
  const handle = await openPreferably(path, readFlags | constants.O_NOATIME, readFlags)
  try {
    const stats = await handle.stat({ bigint: true })
    if (!stats.isFile()) throw new NotAFileError()
    return { handle, stats }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function openPreferably(path: string, preferred: number, otherwise: number): Promise<FileHandle> {
  try {
    return await open(fsPath(path), preferred)
  } catch (error) {
    if (errorCode(error) !== 'EPERM') throw error
    return await open(fsPath(path), otherwise)
  }
}

/** Whether a file is still what it was when it was opened: the same bytes, as far as the file system tells. */
export async function isUnchanged(handle: FileHandle, before: BigIntStats): Promise<boolean> {
  return sameFile(await handle.stat({ bigint: true }), before)
}

/** Whether two looks at a file saw the same bytes, as far as the file system tells. */
export function sameFile(a: BigIntStats, b: BigIntStats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs
}

/**
 * Reads into a buffer until it is full or the file ends.
 * @param position where in the file to begin, in bytes.
 * @returns how many bytes were read.
 */
export async function readFully(handle: FileHandle, target: Uint8Array, position: number): Promise<number> {
  let filled = 0
  while (filled < target.length) {
    const { bytesRead } = await handle.read(target, filled, target.length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}
