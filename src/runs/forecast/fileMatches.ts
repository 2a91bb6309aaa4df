import type { Database } from 'better-sqlite3'
import type { FileTotals } from '../backup/workList.ts'
import { temporaryDatabase } from '../temporaryDatabase.ts'

/** Tells moved files from new ones: by size and time, which a move leaves as they are. */
export class FileMatches implements Disposable {
  readonly #db: Database
  readonly #addToStore
  readonly #addGone
  readonly #findGone

  /** @param file is made, and has no name any more when this returns. */
  constructor(file: string) {
    this.#db = temporaryDatabase(
      file,
      `
      CREATE TABLE found (id INTEGER PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER) STRICT;
      CREATE TABLE gone (size INTEGER NOT NULL, modified INTEGER NOT NULL, files INTEGER NOT NULL, PRIMARY KEY (size, modified)) STRICT, WITHOUT ROWID;`,
    )
    this.#addToStore = this.#db.prepare('INSERT INTO found (size, modified) VALUES (?, ?)')
    this.#addGone = this.#db.prepare(
      'INSERT INTO gone VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET files = files + 1',
    )
    this.#findGone = this.#db.prepare('SELECT 1 FROM gone WHERE size = ? AND modified = ?')
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }

  transaction(work: () => void): void {
    this.#db.transaction(work)()
  }

  addNew(size: number, modifiedMs: number): void {
    this.#addToStore.run(size, Math.floor(modifiedMs))
  }

  addChanged(size: number): void {
    this.#addToStore.run(size, null)
  }

  addGone(size: number, modifiedMs: number): void {
    this.#addGone.run(size, Math.floor(modifiedMs))
  }

  isGone(size: number, modifiedMs: number): boolean {
    return this.#findGone.get(size, Math.floor(modifiedMs)) !== undefined
  }

  get isEmpty(): boolean {
    return (
      this.#db
        .prepare('SELECT NOT EXISTS (SELECT 1 FROM found) AND NOT EXISTS (SELECT 1 FROM gone)')
        .pluck()
        .get() === 1
    )
  }

  counts(): Record<'added' | 'moved' | 'gone', FileTotals> {
    const all = this.#count(
      'SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM found WHERE modified IS NOT NULL',
    )
    const moved = this.#count(
      `SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM (${ranked}) WHERE place <= matches`,
    )
    const gone = this.#count(
      'SELECT coalesce(sum(files), 0) AS files, coalesce(sum(files * size), 0) AS bytes FROM gone',
    )
    return { added: difference(all, moved), moved, gone: difference(gone, moved) }
  }

  /** Sizes of what was found and has no match, in order. */
  *unmatchedSizes(): Generator<number, void, undefined> {
    const rows = this.#db.prepare(`SELECT size FROM (${ranked}) WHERE place > matches ORDER BY id`).pluck()
    for (const size of rows.iterate()) yield size as number
  }

  #count(sql: string): FileTotals {
    return this.#db.prepare(sql).get() as FileTotals
  }
}

/** Each found file with its place among those of its size and time, and how many such are gone. */
const ranked = `SELECT id, found.size, row_number() OVER (PARTITION BY found.size, found.modified ORDER BY id) AS place,
  coalesce(gone.files, 0) AS matches
  FROM found LEFT JOIN gone ON gone.size = found.size AND gone.modified = found.modified`

function difference(all: FileTotals, part: FileTotals): FileTotals {
  return { files: all.files - part.files, bytes: all.bytes - part.bytes }
}
