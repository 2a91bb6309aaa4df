import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { errorCode, exitCodes, UserError } from '../../shared/errors.ts'

/**
 * Makes sure that one run at a time uses a host's folder in the state directory. The lock is SQLite's own, on a file:
 * the kernel lets go of it when the process ends, however it ends.
 * @throws UserError exit 11 when another run holds it.
 */
export function lockHostFolder(folder: string): Disposable {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const db = new Sqlite(join(folder, 'lock.sqlite'), { timeout: 0 })
  try {
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if (errorCode(error) !== 'SQLITE_BUSY') throw error
    throw new UserError(`another run is using ${folder}`, {
      hint: 'Wait for it to end. Two machines may back up to one vault at once; two runs with one state directory may not.',
      exitCode: exitCodes.locked,
      cause: error,
    })
  }
  return { [Symbol.dispose]: () => db.close() }
}
