import { dirname } from 'node:path'
import { errorCode, UserError } from '../shared/errors.ts'

/** Why a new file could not be created, for its reader; errors that are not the file system's stay as they are. */
export function fileError(path: string, error: unknown): unknown {
  switch (errorCode(error)) {
    case undefined:
      return error
    case 'EEXIST':
      return new UserError(`${path} exists already, and is never overwritten`, {
        hint: 'Name another file with --out.',
        cause: error,
      })
    case 'ENOENT':
      return new UserError(`there is no folder ${dirname(path)}`, { cause: error })
    default:
      return new UserError(`${path} can't be written (${errorCode(error)})`, { cause: error })
  }
}
