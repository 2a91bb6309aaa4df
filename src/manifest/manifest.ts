import type { Database, Statement } from 'better-sqlite3'
import { nameFromSql, nameToSql, openWritable, type SqlName } from './database.ts'
import { entryTypes, type EntryType, type NewContent, type NewEntry } from './entry.ts'
import { createLocalParts, createTables } from './schema.ts'

/**
 * The local working copy of a host's manifest: one SQLite file that a single process writes. All rows of the running
 * backup belong to the sequence that it will commit next; nothing of earlier sequences is ever changed, but for the
 * end of a path's validity.
 */
export class Manifest {
  readonly db: Database
  /** How many rows were written since {@link markUploaded}. */
  #unsaved = 0
  readonly #directories = new Map<string, number>()
  readonly #statements = new Map<string, Statement>()

  /** Opens, or makes, the file. */
  constructor(file: string) {
    this.db = openWritable(file)
    this.transaction(() => {
      const made = this.db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'entry'").get()
      if (!made) createTables(this.db)
      createLocalParts(this.db)
    })
  }

  close(): void {
    this.db.close()
  }

  transaction<T>(work: () => T): T {
    return this.db.transaction(work)()
  }

  /** Whether any row was written that no manifest in the vault has yet. */
  get hasNews(): boolean {
    return this.#unsaved > 0
  }

  /** Counts rows that were written past this object. */
  markWritten(rows: number): void {
    this.#unsaved += rows
  }

  /** Says that all rows up to now are in a file on its way to the vault. */
  markUploaded(): void {
    this.#unsaved = 0
  }

  /**
   * The rows after `committed`, which no record has, become rows of `sequence`, the one that will be committed next.
   * What they tell of lies in the vault all the same.
   */
  adoptUncommitted(committed: number, sequence: number): void {
    const rows = { committed, sequence }
    this.transaction(() => {
      this.db.prepare('DELETE FROM snapshot WHERE sequence > ?').run(committed)
      this.db.prepare('DELETE FROM entry WHERE since > ? AND until IS NOT NULL').run(committed)
      const changed = ['entry', 'content', 'pack', 'data_key', 'directory'].map(
        (table) =>
          this.db.prepare(`UPDATE ${table} SET since = @sequence WHERE since > @committed`).run(rows).changes,
      )
      changed.push(
        this.db.prepare('UPDATE entry SET until = @sequence WHERE until > @committed').run(rows).changes,
      )
      this.#unsaved += changed.reduce((sum, n) => sum + n, 0)
    })
  }

  /** Forgets the rows after `committed`, which no record has: what they tell of may be gone from the vault by now. */
  dropUncommitted(committed: number): void {
    this.transaction(() => {
      this.db.prepare('DELETE FROM snapshot WHERE sequence > ?').run(committed)
      for (const table of ['entry', 'content', 'pack', 'data_key', 'directory']) {
        this.db.prepare(`DELETE FROM ${table} WHERE since > ?`).run(committed)
      }
      this.db.prepare('UPDATE entry SET until = NULL WHERE until > ?').run(committed)
    })
    this.#directories.clear()
  }

  /** A note of this machine: never uploaded. */
  localNote(name: string): string | undefined {
    return this.#prepare('SELECT value FROM local WHERE name = ?').pluck().get(name) as string | undefined
  }

  removeLocalNote(name: string): void {
    this.#prepare('DELETE FROM local WHERE name = ?').run(name)
  }

  setLocalNote(name: string, value: string): void {
    this.#prepare('INSERT OR REPLACE INTO local VALUES (?, ?)').run(name, value)
  }

  /** Id of a data key's row, or undefined. */
  dataKeyRow(keyId: Uint8Array): number | undefined {
    return this.#prepare('SELECT id FROM data_key WHERE key_id = ?').pluck().get(keyId) as number | undefined
  }

  findContent(sha256: Uint8Array): { id: number; size: number } | undefined {
    return this.#prepare('SELECT id, size FROM content WHERE sha256 = ?').get(sha256) as
      { id: number; size: number } | undefined
  }

  addContent(content: NewContent, sequence: number): number {
    const [dataKey, ciphertext, pack, offset] =
      'pack' in content
        ? [null, null, content.pack, content.offset]
        : [content.dataKey, content.ciphertextSha256, null, null]
    return this.#insert(
      'INSERT INTO content (sha256, size, data_key, ciphertext_sha256, pack, pack_offset, since) VALUES (?, ?, ?, ?, ?, ?, ?)',
      [content.sha256, content.size, dataKey, ciphertext, pack, offset, sequence],
    )
  }

  addPack(
    pack: { name: string; dataKey: number; plaintextSize: number; ciphertextSha256: Uint8Array },
    sequence: number,
  ): number {
    return this.#insert(
      'INSERT INTO pack (name, data_key, plaintext_size, ciphertext_sha256, since) VALUES (?, ?, ?, ?, ?)',
      [pack.name, pack.dataKey, pack.plaintextSize, pack.ciphertextSha256, sequence],
    )
  }

  /** `wrapped` is the length and SHA-256 of `keys/<keyId>/1.age`. */
  addDataKey(keyId: Uint8Array, wrapped: { size: number; sha256: Uint8Array }, sequence: number): number {
    return this.#insert(
      'INSERT INTO data_key (key_id, wrapped_size, wrapped_sha256, since) VALUES (?, ?, ?, ?)',
      [keyId, wrapped.size, wrapped.sha256, sequence],
    )
  }

  /** Id of a directory by its path in the vault's tree (`library/user/2024`), made when new. '' is the root, 0. */
  directoryId(path: string, sequence: number): number {
    if (path === '') return 0
    const known = this.#directories.get(path)
    if (known !== undefined) return known
    const slash = path.lastIndexOf('/')
    const parent = this.directoryId(slash < 0 ? '' : path.slice(0, slash), sequence)
    const name = nameToSql(path.slice(slash + 1))
    const id =
      (this.#prepare('SELECT id FROM directory WHERE parent = ? AND name = ?').pluck().get(parent, name) as
        number | undefined) ??
      this.#insert('INSERT INTO directory (parent, name, since) VALUES (?, ?, ?)', [parent, name, sequence])
    if (this.#directories.size >= directoryCacheSize) this.#directories.clear()
    this.#directories.set(path, id)
    return id
  }

  /** Says what a path is from `sequence` on; what it was before ends there. */
  putEntry(directory: number, entry: NewEntry, sequence: number): void {
    this.archiveEntry(directory, entry.name, sequence)
    this.#unsaved += 1
    this.#prepare(
      `INSERT INTO entry (directory, name, since, type, content, target, mode, uid, gid, mtime, ctime, atime_offset, birthtime_offset, inode)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      directory,
      nameToSql(entry.name),
      sequence,
      entry.type,
      entry.content ?? null,
      entry.target === undefined ? null : nameToSql(entry.target),
      entry.mode,
      entry.uid,
      entry.gid,
      entry.mtime,
      entry.ctime,
      entry.atime - entry.ctime,
      entry.birthtime - entry.ctime,
      entry.inode,
    )
  }

  /** Says that a path is gone from `sequence` on. A row of this very sequence was never committed, and goes entirely. */
  archiveEntry(directory: number, name: string, sequence: number): void {
    const at = [directory, nameToSql(name)] as const
    this.#prepare('DELETE FROM entry WHERE directory = ? AND name = ? AND since = ?').run(...at, sequence)
    const ended = this.#prepare(
      'UPDATE entry SET until = ? WHERE directory = ? AND name = ? AND until IS NULL',
    ).run(sequence, ...at)
    this.#unsaved += ended.changes
  }

  /** Archives all that is below a directory, which is itself gone. @returns how many files went. */
  archiveTree(directory: number, sequence: number): number {
    let files = 0
    const children = this.#prepare('SELECT id FROM directory WHERE parent = ?')
      .pluck()
      .all(directory) as number[]
    for (const child of children) files += this.archiveTree(child, sequence)
    const names = this.#prepare('SELECT name, type FROM entry WHERE directory = ? AND until IS NULL')
      .raw()
      .all(directory)
    for (const [name, type] of names as [SqlName, EntryType][]) {
      this.archiveEntry(directory, nameFromSql(name), sequence)
      if (type === entryTypes.file) files += 1
    }
    return files
  }

  /** Notes a committed record, so that the manifest can list snapshots by itself. */
  addSnapshot(snapshot: { sequence: number; runId: string; created: Date; complete: boolean }): void {
    this.#prepare('INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?)').run(
      snapshot.sequence,
      snapshot.runId,
      snapshot.created.getTime(),
      snapshot.complete ? 1 : 0,
    )
  }

  #insert(sql: string, values: unknown[]): number {
    this.#unsaved += 1
    return Number(this.#prepare(sql).run(...values).lastInsertRowid)
  }

  #prepare(sql: string): Statement {
    const known = this.#statements.get(sql)
    if (known) return known
    const statement = this.db.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}

/** Paths of directories kept in memory; about 150 bytes each. */
const directoryCacheSize = 50_000
