import { errorCode, errorMessage, UserError } from '../../shared/errors.ts'
import { AccessDeniedError, NoSpaceError, StorageError } from '../errors.ts'

/** Awaits a file operation. What it throws comes out as an error of the storage at `location`. */
export async function onDisk<T>(location: string, operation: Promise<T>): Promise<T> {
  try {
    return await operation
  } catch (error) {
    throw localError(location, error)
  }
}

function localError(location: string, cause: unknown): unknown {
  const what = `${location}: ${errorMessage(cause)}`
  switch (errorCode(cause)) {
    case undefined:
      return cause
    case 'ENOSPC':
    case 'EDQUOT':
      return new NoSpaceError(`no space left in ${location}`, cause)
    case 'EACCES':
    case 'EPERM':
      return new AccessDeniedError(what, { cause, hint: 'Check who owns the folder and its permissions.' })
    case 'EROFS':
      return new AccessDeniedError(what, { cause, hint: 'The file system is mounted read-only.' })
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ESTALE':
      return new StorageError(what, { transient: false, cause, hint: 'Is the disk still mounted?' })
    case 'EIO':
    case 'ENODEV':
    case 'ENXIO':
    case 'EUCLEAN':
      return new StorageError(what, {
        transient: false,
        cause,
        hint: 'Check the disk and its cable; the kernel tells more (dmesg).',
      })
    default:
      return new StorageError(what, { transient: false, cause })
  }
}

/** What `link` failed with, where the file system has no hard links. */
export function linkError(location: string, cause: unknown): unknown {
  const code = errorCode(cause) ?? ''
  if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) return cause
  return new UserError(`the file system of ${location} has no hard links`, {
    cause,
    hint: 'They are what creates a file without ever replacing one. Use a disk with ext4, XFS, Btrfs, ZFS or APFS, or NFS.',
  })
}
