import { errorCode, UserError } from '../shared/errors.ts'

/** Whether SQLite says that a file is not what it should be. */
export function isDamage(error: unknown): boolean {
  const code = errorCode(error) ?? ''
  return code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')
}

/** What to throw in place of an error of a working copy: a reader's words where it is damaged, else the error itself. */
export function workingCopyError(file: string, error: unknown): unknown {
  if (!isDamage(error)) return error
  return new UserError(`${file} is damaged`, {
    hint: 'Remove it: the next backup fetches what it held from the vault. Only which snapshot this machine saw last is lost with it.',
    cause: error,
  })
}
