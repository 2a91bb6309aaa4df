import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import { errorCode, errorMessage, UserError } from '../shared/errors.ts'
import { migrate, NewerSchemaError } from './migrate.ts'
import { migrations } from './migrations.ts'
import { networkFileSystem } from './networkFileSystem.ts'

/** Name of the state database in the state folder. */
export const databaseName = 'state.db'

/** An open state database. */
export interface OpenDatabase {
  db: Database
  /** Where the file went that could not be used, and why it could not; a new one took its place. */
  setAside: { file: string; reason: string } | undefined
}

/**
 * Opens the state database, and makes it where there is none. A file that is damaged, or of a later version, is set
 * aside: what it remembers is worth less than a backup.
 * @throws UserError when the folder lies on a network file system, or can't be written.
 */
export function openOrMake(folder: string, now: Date): OpenDatabase {
  refuseNetwork(folder)
  const file = join(folder, databaseName)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    try {
      return { db: open(file), setAside: undefined }
    } catch (error) {
      if (!isUseless(error)) throw error
      const setAside = { file: moveAside(file, now), reason: errorMessage(error) }
      return { db: open(file), setAside }
    }
  } catch (error) {
    throw folderError(folder, error)
  }
}

/**
 * Opens the state database where there is one.
 * @throws UserError when it can't be used.
 */
export function openExisting(folder: string): Database | undefined {
  const file = join(folder, databaseName)
  if (!existsSync(file)) return undefined
  try {
    return open(file)
  } catch (error) {
    if (!isUseless(error)) throw folderError(folder, error)
    throw new UserError(`${file} can't be used: ${errorMessage(error)}`, {
      hint: 'The next backup sets it aside and begins a new one. No backup depends on it.',
      cause: error,
    })
  }
}

/** @throws UserError when SQLite can't work reliably in this folder. */
function refuseNetwork(folder: string): void {
  const network = networkFileSystem(folder)
  if (network === undefined) return
  throw new UserError(
    `the state folder ${folder} lies on a network file system (${network}), where two runs can't see one another`,
    { hint: 'Set `state` to a folder on a disk of this machine. It needs no backup.' },
  )
}

/** Every commit waits for the disk: there is one a minute. */
function open(file: string): Database {
  const db = new Sqlite(file, { timeout: 10_000 })
  try {
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.pragma('foreign_keys = ON')
    if (db.pragma('quick_check', { simple: true }) !== 'ok') throw new DamagedDatabaseError()
    migrate(db, migrations)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

class DamagedDatabaseError extends Error {
  constructor() {
    super('it is damaged')
    this.name = 'DamagedDatabaseError'
  }
}

function isUseless(error: unknown): boolean {
  if (error instanceof DamagedDatabaseError || error instanceof NewerSchemaError) return true
  const code = errorCode(error) ?? ''
  return code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')
}

/** The log goes first: left beside a new database after a crash, it would be taken for that one's. */
function moveAside(file: string, now: Date): string {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const aside = `${file}.unusable-${time}`
  for (const suffix of ['-wal', '-shm', ''])
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix)
  return aside
}

function folderError(folder: string, error: unknown): unknown {
  const code = errorCode(error)
  if (code === undefined || error instanceof UserError) return error
  return new UserError(`the state folder ${folder} can't be used: ${errorMessage(error)}`, {
    hint: 'It takes a folder on a disk of this machine that this user may write: set `state` to one.',
    cause: error,
  })
}
