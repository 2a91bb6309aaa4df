import { rmSync } from 'node:fs'
import Sqlite, { type Database } from 'better-sqlite3'
import { harden } from '../manifest/database.ts'

/**
 * A SQLite file for what would not fit into memory and nobody needs tomorrow. It has no name any more when this
 * returns: it is gone with the process, however that ends.
 * @param tables statements that make its tables.
 */
export function temporaryDatabase(file: string, tables: string): Database {
  rmSync(file, { force: true })
  const db = new Sqlite(file)
  db.pragma('journal_mode = OFF')
  db.pragma('synchronous = OFF')
  // Nobody else opens the file, so no statement needs to lock it.
  db.pragma('locking_mode = EXCLUSIVE')
  db.pragma('cache_size = -8192')
  harden(db)
  db.exec(tables)
  rmSync(file)
  return db
}
