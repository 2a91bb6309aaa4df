import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { errorCode } from '../shared/errors.ts'

/**
 * Makes sure that one process at a time uses a folder. The lock is SQLite's own, on a file: the kernel lets go of it when
 * the process ends, however it ends, and all containers under one kernel see it.
 * @param held makes the error where another process has it.
 */
export function lockFolder(folder: string, held: (cause: unknown) => Error): Disposable {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const db = new Sqlite(join(folder, 'lock.sqlite'), { timeout: 0 })
  try {
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    throw errorCode(error) === 'SQLITE_BUSY' ? held(error) : error
  }
  return { [Symbol.dispose]: () => db.close() }
}
