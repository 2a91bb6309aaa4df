import { fchmodSync, fchownSync, futimesSync, lchownSync, lutimesSync } from 'node:fs'
import { errorCode } from '../../shared/errors.ts'
import type { PathMetadata } from './target.ts'

const setIdBits = 0o6000

/**
 * Gives an open file or folder its owner, mode and times.
 * @returns whether the owner could be set; without the owner, the set-user-id and set-group-id bits are left away.
 */
export function setMetadata(fd: number, metadata: PathMetadata): boolean {
  const owned = trySetOwner(() => fchownSync(fd, metadata.uid, metadata.gid))
  const mode = metadata.mode & 0o7777
  // After the owner: changing that clears the bits.
  fchmodSync(fd, owned ? mode : mode & ~setIdBits)
  futimesSync(fd, seconds(metadata.atime), seconds(metadata.mtime))
  return owned
}

/** Gives a symbolic link its owner and times; what it points to is not touched. @returns as {@link setMetadata}. */
export function setLinkMetadata(path: string | Buffer, metadata: PathMetadata): boolean {
  const owned = trySetOwner(() => lchownSync(path, metadata.uid, metadata.gid))
  lutimesSync(path, seconds(metadata.atime), seconds(metadata.mtime))
  return owned
}

/** Only root may give files away, and not everywhere; EINVAL is an id that a user namespace does not have. */
function trySetOwner(set: () => void): boolean {
  try {
    set()
    return true
  } catch (error) {
    if (errorCode(error) === 'EPERM' || errorCode(error) === 'EINVAL') return false
    throw error
  }
}

/**
 * Node takes times as floating-point seconds, which are good to an eighth of a microsecond, and cuts them off. A
 * quarter more than the whole microsecond comes out as that microsecond. A negative number it takes for now, but not
 * one that is written out: there are photographs from before 1970.
 */
function seconds(microseconds: number): number | string {
  return microseconds < 0 ? String((microseconds - 0.25) / 1e6) : (microseconds + 0.25) / 1e6
}
