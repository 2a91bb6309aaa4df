import { printablePath } from '../../shared/bytePath.ts'
import { errorCode, UserError } from '../../shared/errors.ts'

/** What an error of the file system means for one path; see {@link fileProblem}. */
const explanations: Partial<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'a folder is in its place',
  ENOTDIR: 'a part of its path is no folder',
  ENAMETOOLONG: 'its path is too long here',
  EILSEQ: 'the file system does not take its name',
  EINVAL: 'the file system does not take its name or attributes',
  EIO: 'the disk failed',
}

/**
 * What to tell of a path that could not be restored.
 * @throws UserError when nothing else can be restored either: no space, or a file system that is read-only.
 * @throws the error itself when it is none of the file system.
 */
export function fileProblem(error: unknown, path: string): string {
  const code = errorCode(error)
  if (code === undefined) throw error
  const place = printablePath(path)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    throw new UserError(`no space is left for ${place}${code === 'EDQUOT' ? ' (quota exceeded)' : ''}`, {
      hint: 'Free some, and run the same command again: what is restored stays, and it goes on from there.',
      cause: error,
    })
  }
  if (code === 'EROFS') {
    throw new UserError(`${place} can't be written: the file system is read-only`, { cause: error })
  }
  const explanation = explanations[code]
  return explanation === undefined ? code : `${explanation} (${code})`
}
