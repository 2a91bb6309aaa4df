/*
 * The ids under which this machine made things in Drive, or means to. Whoever makes something first takes an id for it
 * here, so that all threads and processes that share the file make it under one id: Drive refuses the second. What
 * Drive has just made is found here, too, when searches do not find it yet. Nothing is believed because it is here:
 * an id is a guess where to look, and losing the file costs that.
 */
import Sqlite, { type Database } from 'better-sqlite3'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode, UserError } from '../../shared/errors.ts'

/** What an id is for. */
interface Place {
  /** Id of the folder that it lies in. */
  parent: string
  name: string
  isFolder: boolean
}

/** Searches have caught up with what was made long before that. */
const keptMs = 24 * 60 * 60 * 1000

const schema = `
  CREATE TABLE IF NOT EXISTS ids (
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (folder, name)
  ) STRICT, WITHOUT ROWID`

/** Ids by the id of the folder, the name in it, and whether that names a folder, too. */
export class DriveIds {
  readonly #folder: string | undefined
  /** Opened when it is first needed: who only reads what is there does not need it, nor a folder to write to. */
  #opened: Database | undefined

  /** @param folder where the file lies that is shared; undefined to remember in this object alone. */
  constructor(folder: string | undefined) {
    this.#folder = folder
  }

  find(place: Place): string | undefined {
    const row = this.#database
      .prepare<[string, string], { id: string }>('SELECT id FROM ids WHERE folder = ? AND name = ?')
      .get(...keyOf(place))
    return row?.id
  }

  /** The id for making this, which is `fresh` unless there is one already. */
  take(place: Place, fresh: string): string {
    const row = this.#database
      .prepare<[string, string, string, number], { id: string }>(
        `INSERT INTO ids VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET id = ids.id RETURNING id`,
      )
      .get(...keyOf(place), fresh, Date.now())
    return row?.id ?? fresh
  }

  /** This id is of no use for it. */
  drop(place: Place, id: string): void {
    const statement = 'DELETE FROM ids WHERE folder = ? AND name = ? AND id = ?'
    this.#database.prepare(statement).run(...keyOf(place), id)
  }

  close(): void {
    this.#opened?.close()
  }

  /** @throws UserError when the file can't be used. */
  get #database(): Database {
    this.#opened ??= this.#folder === undefined ? opened(':memory:') : openedFile(this.#folder)
    return this.#opened
  }
}

/** No part of a key holds a slash. */
function keyOf({ parent, name, isFolder }: Place): [string, string] {
  return [parent, isFolder ? `${name}/` : name]
}

function openedFile(folder: string): Database {
  const path = join(folder, 'drive-ids.sqlite')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    try {
      return opened(path)
    } catch (error) {
      if (!['SQLITE_NOTADB', 'SQLITE_CORRUPT'].includes(errorCode(error) ?? '')) throw error
      for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
      return opened(path)
    }
  } catch (cause) {
    throw new UserError(`can't use ${path}`, {
      cause,
      hint: 'It only remembers ids for a day, and may be removed. Check the permissions of its folder.',
    })
  }
}

function opened(path: string): Database {
  const database = new Sqlite(path)
  try {
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = NORMAL')
    database.exec(schema)
    database.prepare('DELETE FROM ids WHERE time < ?').run(Date.now() - keptMs)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
