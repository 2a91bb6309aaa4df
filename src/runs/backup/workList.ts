import Sqlite, { type Database } from 'better-sqlite3'
import { nameFromSql, nameToSql, type SqlName } from '../../manifest/database.ts'

/** A file that differs from what the manifest says, and has to be read. */
export interface Candidate {
  id: number
  /** Path of its directory in the vault's tree. */
  directory: string
  name: string
  /** Bytes, as the scan saw it. */
  size: number
  isNew: boolean
}

/** A file that Immich's database names. */
export interface ExpectedFile {
  /** Path in the vault's tree. */
  path: string
  /** SHA-1 of the content, where Immich wrote one down. */
  sha1: Buffer | undefined
  /** Whether its loss would matter: false for what Immich can make again. */
  required: boolean
}

/**
 * What a run has to do, kept in a temporary SQLite file so that a million files take no memory. Nothing in it outlives
 * the run.
 */
export class WorkList {
  readonly #db: Database
  readonly #addDirectory
  readonly #addCandidate
  readonly #addExpected
  readonly #findExpected

  constructor(file: string) {
    this.#db = new Sqlite(file)
    this.#db.pragma('journal_mode = OFF')
    this.#db.pragma('synchronous = OFF')
    // Nobody else opens the file, so no statement needs to lock it.
    this.#db.pragma('locking_mode = EXCLUSIVE')
    this.#db.pragma('cache_size = -8192')
    this.#db.exec(`
      DROP TABLE IF EXISTS directory; DROP TABLE IF EXISTS candidate; DROP TABLE IF EXISTS expected;
      CREATE TABLE directory (id INTEGER PRIMARY KEY, path ANY NOT NULL) STRICT;
      CREATE TABLE candidate (id INTEGER PRIMARY KEY, directory INTEGER, name ANY, size INTEGER, is_new INTEGER) STRICT;
      CREATE TABLE expected (path ANY PRIMARY KEY, sha1 BLOB, required INTEGER NOT NULL) STRICT, WITHOUT ROWID;`)
    this.#addDirectory = this.#db.prepare('INSERT INTO directory (path) VALUES (?)')
    this.#addCandidate = this.#db.prepare(
      'INSERT INTO candidate (directory, name, size, is_new) VALUES (?, ?, ?, ?)',
    )
    this.#addExpected = this.#db.prepare('INSERT OR REPLACE INTO expected VALUES (?, ?, ?)')
    this.#findExpected = this.#db.prepare('SELECT sha1, required FROM expected WHERE path = ?')
  }

  close(): void {
    this.#db.close()
  }

  /** Makes many additions cost one. */
  transaction(work: () => void): void {
    this.#db.transaction(work)()
  }

  addCandidates(directory: string, files: readonly { name: string; size: number; isNew: boolean }[]): void {
    const id = this.#addDirectory.run(nameToSql(directory)).lastInsertRowid
    for (const { name, size, isNew } of files)
      this.#addCandidate.run(id, nameToSql(name), size, isNew ? 1 : 0)
  }

  clearCandidates(): void {
    this.#db.exec('DELETE FROM candidate; DELETE FROM directory')
  }

  candidateTotals(): { files: number; bytes: number } {
    return this.#db
      .prepare('SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM candidate')
      .get() as {
      files: number
      bytes: number
    }
  }

  /** The candidates in the order in which they were found, a page at a time, so that others may write meanwhile. */
  *candidates(): Generator<Candidate, void, undefined> {
    const page = this.#db
      .prepare(
        `SELECT c.id, d.path, c.name, c.size, c.is_new FROM candidate c JOIN directory d ON d.id = c.directory
         WHERE c.id > ? ORDER BY c.id LIMIT 1000`,
      )
      .raw()
    let last = 0
    for (;;) {
      const rows = page.all(last) as [number, SqlName, SqlName, number, number][]
      for (const [id, directory, name, size, isNew] of rows) {
        last = id
        yield { id, directory: nameFromSql(directory), name: nameFromSql(name), size, isNew: isNew === 1 }
      }
      if (rows.length === 0) return
    }
  }

  addExpectedFiles(files: readonly ExpectedFile[]): void {
    this.transaction(() => {
      for (const { path, sha1, required } of files)
        this.#addExpected.run(nameToSql(path), sha1 ?? null, required ? 1 : 0)
    })
  }

  /** What Immich's database says of a path, or undefined when it does not name it. */
  expectedFile(path: string): ExpectedFile | undefined {
    const row = this.#findExpected.get(nameToSql(path)) as
      { sha1: Buffer | null; required: number } | undefined
    return row && { path, sha1: row.sha1 ?? undefined, required: row.required === 1 }
  }

  /** The files whose loss would matter, directory by directory. */
  *requiredFiles(): Generator<string, void, undefined> {
    const rows = this.#db.prepare('SELECT path FROM expected WHERE required = 1 ORDER BY path').pluck()
    for (const path of rows.iterate() as IterableIterator<SqlName>) yield nameFromSql(path)
  }
}
