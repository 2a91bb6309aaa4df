import type { Database } from 'better-sqlite3'
import { nameFromSql, nameToSql, openReadOnly, type SqlName } from './database.ts'
import type { EntryType } from './entry.ts'

/** What the manifest says of a path now, as far as a scan compares it. Times are microseconds since 1970. */
export interface KnownEntry {
  type: EntryType
  size: number | null
  mtime: number
  ctime: number
  inode: number
  mode: number
  uid: number
  gid: number
}

/** Rows that are read at once: one by one takes half as long again, and a directory may have a million. */
const pageSize = 4000

/** Reads the present state of directories out of the working copy, while another thread may be writing to it. */
export class ScanReader {
  readonly #db: Database
  readonly #entries
  readonly #pages
  readonly #child
  readonly #children

  constructor(file: string) {
    this.#db = openReadOnly(file)
    // A subquery, because the same as a join takes four times as long for a directory of a few names (measured).
    const entries = (further: string) =>
      this.#db
        .prepare(
          `SELECT name, type, (SELECT size FROM content c WHERE c.id = entry.content), mtime, ctime, inode, mode, uid, gid
           FROM entry WHERE directory = ? AND until IS NULL ${further} LIMIT ${pageSize}`,
        )
        .raw()
    this.#entries = entries('')
    this.#pages = entries('AND name > ? ORDER BY name')
    this.#child = this.#db.prepare('SELECT id FROM directory WHERE parent = ? AND name = ?').pluck()
    this.#children = this.#db.prepare('SELECT name, id FROM directory WHERE parent = ?').raw()
  }

  /**
   * Runs many reads as one: a transaction of its own for each would double their cost. Rows written meanwhile are not
   * seen by it.
   */
  reading<T>(work: () => T): T {
    this.#db.exec('BEGIN')
    try {
      return work()
    } finally {
      this.#db.exec('COMMIT')
    }
  }

  /** Ids of the directories in a directory, by name; also of those that are gone. */
  directoriesIn(directory: number): Map<string, number> {
    const rows = this.#children.all(directory) as [SqlName, number][]
    return new Map(rows.map(([name, id]) => [nameFromSql(name), id]))
  }

  /** Id of a directory by its path in the vault's tree, or undefined when the manifest has never seen it. */
  directoryId(path: string): number | undefined {
    let id: number | undefined = 0
    for (const name of path === '' ? [] : path.split('/')) {
      id = this.#child.get(id, nameToSql(name)) as number | undefined
      if (id === undefined) return undefined
    }
    return id
  }

  /** The current entries of a directory by name. */
  entriesOf(directory: number): Map<string, KnownEntry> {
    type Row = [SqlName, EntryType, number | null, number, number, number, number, number, number]
    const known = new Map<string, KnownEntry>()
    const take = (rows: Row[]): void => {
      for (const [name, type, size, mtime, ctime, inode, mode, uid, gid] of rows)
        known.set(nameFromSql(name), { type, size, mtime, ctime, inode, mode, uid, gid })
    }
    const rows = this.#entries.all(directory) as Row[]
    if (rows.length < pageSize) {
      take(rows)
      return known
    }
    // In order, which takes five times as long for a directory of a few names (measured), so only where there are many.
    for (let after: SqlName = ''; ;) {
      const page = this.#pages.all(directory, after) as Row[]
      take(page)
      const last = page.at(-1)
      if (!last || page.length < pageSize) return known
      after = last[0]
    }
  }

  close(): void {
    this.#db.close()
  }
}
