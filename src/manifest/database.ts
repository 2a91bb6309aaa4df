import Sqlite, { type Database } from 'better-sqlite3'
import { pathFromBytes, pathToBytes } from '../shared/bytePath.ts'

/** A name as SQLite holds it: text where it is UTF-8, bytes where it is not. */
export type SqlName = string | Buffer

export function nameToSql(name: string): SqlName {
  return name.isWellFormed() ? name : pathToBytes(name)
}

export function nameFromSql(name: SqlName): string {
  return typeof name === 'string' ? name : pathFromBytes(name)
}

/** Opens a file that is ours to write. Its cache is small: a manifest may be far larger than our memory. */
export function openWritable(file: string): Database {
  const db = new Sqlite(file, { timeout: 10_000 })
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  // Each checkpoint of the log waits for the disk twice; at SQLite's own 1,000 pages that took a third of a first run.
  db.pragma('wal_autocheckpoint = 8000')
  db.pragma('cache_size = -16384')
  db.pragma('temp_store = FILE')
  harden(db)
  return db
}

/** Opens a file to read: nothing in it is trusted. */
export function openReadOnly(file: string): Database {
  const db = new Sqlite(file, { readonly: true, timeout: 10_000 })
  db.pragma('cache_size = -8192')
  harden(db)
  return db
}

/** A file may come from a hostile storage; see "defense against the dark arts" in SQLite's documentation. */
export function harden(db: Database): void {
  db.pragma('trusted_schema = OFF')
  db.pragma('cell_size_check = ON')
}
