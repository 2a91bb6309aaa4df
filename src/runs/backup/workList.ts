import type { Database } from 'better-sqlite3'
import { attached } from '../../manifest/attached.ts'
import { nameFromSql, nameToSql, type SqlName } from '../../manifest/database.ts'
import { temporaryDatabase } from '../temporaryDatabase.ts'

/** A file of the library. */
export interface NamedFile {
  /** Path of its directory in the vault's tree. */
  directory: string
  name: string
  /** Bytes, as the scan saw it. */
  size: number
}

/** A file that differs from what a destination's manifest says, and has to be read for it. */
export interface Candidate extends NamedFile {
  /** Whether that manifest has no such path. */
  isNew: boolean
}

/** A file that differs from what any manifest says. Sets of destinations are numbers, with a bit for each. */
export interface ListedCandidate extends NamedFile {
  lackedBy: number
  /** Those of them whose manifest has no such path. */
  newTo: number
}

export interface FileTotals {
  files: number
  bytes: number
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
export class WorkList implements Disposable {
  readonly #db: Database
  readonly #addDirectory
  readonly #addCandidate
  readonly #addExpected
  readonly #findExpected

  /** @param file is made, and has no name any more when this returns: it is gone with the process, however that ends. */
  constructor(file: string) {
    this.#db = temporaryDatabase(
      file,
      `
      CREATE TABLE directory (id INTEGER PRIMARY KEY, path ANY NOT NULL) STRICT;
      CREATE TABLE candidate (id INTEGER PRIMARY KEY, directory INTEGER, name ANY, size INTEGER, lacked_by INTEGER, new_to INTEGER) STRICT;
      ${expectedTable('main')}`,
    )
    this.#addDirectory = this.#db.prepare('INSERT INTO directory (path) VALUES (?)')
    this.#addCandidate = this.#db.prepare(
      'INSERT INTO candidate (directory, name, size, lacked_by, new_to) VALUES (?, ?, ?, ?, ?)',
    )
    this.#addExpected = this.#db.prepare('INSERT OR REPLACE INTO expected VALUES (?, ?, ?)')
    this.#findExpected = this.#db.prepare('SELECT sha1, required FROM expected WHERE path = ?')
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }

  /** Makes many additions cost one. */
  transaction(work: () => void): void {
    this.#db.transaction(work)()
  }

  addCandidates(directory: string, files: readonly Omit<ListedCandidate, 'directory'>[]): void {
    const id = this.#addDirectory.run(nameToSql(directory)).lastInsertRowid
    for (const { name, size, lackedBy, newTo } of files)
      this.#addCandidate.run(id, nameToSql(name), size, lackedBy, newTo)
  }

  clearCandidates(): void {
    this.#db.exec('DELETE FROM candidate; DELETE FROM directory')
  }

  /** @param lackedBy counts the candidates that any of these destinations lacks. */
  candidateTotals(lackedBy: number): FileTotals {
    return this.#db
      .prepare(
        'SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM candidate WHERE lacked_by & ? <> 0',
      )
      .get(lackedBy) as FileTotals
  }

  /** The candidates in the order in which they were found, a page at a time, so that others may write meanwhile. */
  *candidates(): Generator<ListedCandidate, void, undefined> {
    const page = this.#db
      .prepare(
        `SELECT c.id, d.path, c.name, c.size, c.lacked_by, c.new_to
         FROM candidate c JOIN directory d ON d.id = c.directory WHERE c.id > ? ORDER BY c.id LIMIT 1000`,
      )
      .raw()
    let last = 0
    for (;;) {
      const rows = page.all(last) as [number, SqlName, SqlName, number, number, number][]
      for (const [id, directory, name, size, lackedBy, newTo] of rows) {
        last = id
        yield { directory: nameFromSql(directory), name: nameFromSql(name), size, lackedBy, newTo }
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

  /** Writes all that Immich's database names into a new SQLite file. */
  saveExpectedFiles(file: string): void {
    attached(this.#db, file, (schema) => {
      this.#db.exec(expectedTable(schema))
      this.#db.exec(`INSERT INTO ${schema}.expected SELECT * FROM main.expected`)
    })
  }

  /** Adds what {@link saveExpectedFiles} wrote. */
  loadExpectedFiles(file: string): void {
    attached(this.#db, file, (schema) =>
      this.#db.exec(
        `INSERT OR REPLACE INTO main.expected SELECT path, sha1, required FROM ${schema}.expected`,
      ),
    )
  }

  /** The files whose loss would matter, directory by directory. */
  *requiredFiles(): Generator<string, void, undefined> {
    const rows = this.#db.prepare('SELECT path FROM expected WHERE required = 1 ORDER BY path').pluck()
    for (const path of rows.iterate() as IterableIterator<SqlName>) yield nameFromSql(path)
  }
}

function expectedTable(schema: string): string {
  return `CREATE TABLE ${schema}.expected (path ANY PRIMARY KEY, sha1 BLOB, required INTEGER NOT NULL) STRICT, WITHOUT ROWID`
}
