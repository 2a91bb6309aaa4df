import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode, UserError } from '../../shared/errors.ts'

/** The folder, or the nearest one above it that is there. */
export async function existingFolder(path: string): Promise<string> {
  try {
    await access(path)
    return path
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || dirname(path) === path) throw error
    return await existingFolder(dirname(path))
  }
}

/** @throws UserError when nothing can be created in a folder that is there. */
export async function requireWritable(folder: string, hint: string): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined) throw error
    const why = code === 'EROFS' ? 'its file system is read-only' : code
    throw new UserError(`${folder} can't be written (${why})`, { hint, cause: error })
  }
}
