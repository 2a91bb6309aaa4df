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
  readonly #further
  readonly #child
  readonly #children

  constructor(file: string) {
    this.#db = openReadOnly(file)
    // A subquery, because the same as a join takes four times as long for a directory of a few names (measured).
    const entries = (condition: string) =>
      this.#db
        .prepare(
          `SELECT name, type, (SELECT size FROM content c WHERE c.id = entry.content), mtime, ctime, inode, mode, uid, gid
           FROM entry WHERE directory = ? AND ${condition} until IS NULL ORDER BY name LIMIT ${pageSize}`,
        )
        .raw()
    this.#entries = entries('')
    this.#further = entries('name > ? AND')
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
    let rows = this.#entries.all(directory) as Row[]
    for (;;) {
      for (const [name, type, size, mtime, ctime, inode, mode, uid, gid] of rows)
        known.set(nameFromSql(name), { type, size, mtime, ctime, inode, mode, uid, gid })
      const last = rows.at(-1)
      if (!last || rows.length < pageSize) return known
      rows = this.#further.all(directory, last[0]) as Row[]
    }
  }

  close(): void {
    this.#db.close()
  }
}
