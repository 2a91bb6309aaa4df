import { stat } from 'node:fs/promises'
import { errorCode, UserError } from '../../shared/errors.ts'

/** @throws UserError when a path is no folder, or can't be looked at. */
export async function requireFolder(path: string, hint: string): Promise<void> {
  try {
    if ((await stat(path)).isDirectory()) return
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined) throw error
    const what = code === 'ENOENT' ? `there is no folder ${path}` : `${path} can't be looked at (${code})`
    throw new UserError(what, { hint, cause: error })
  }
  throw new UserError(`${path} is no folder`, { hint })
}
