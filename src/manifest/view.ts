import type { Database } from 'better-sqlite3'
import { nameFromSql, nameToSql, type SqlName } from './database.ts'
import type { EntryType } from './entry.ts'

/** Where a content lies, with everything needed to find and check it. */
export interface ContentLocation {
  id: number
  sha256: Buffer
  size: number
  /** For a content in an object of its own. */
  keyId: Buffer | null
  ciphertextSha256: Buffer | null
  /** For a content in a pack: the pack's row id and the offset in its plaintext. */
  pack: number | null
  packOffset: number | null
}

export interface PackLocation {
  id: number
  /** `<runId>-<n>` */
  name: string
  keyId: Buffer
  plaintextSize: number
  ciphertextSha256: Buffer
}

/** A path of a snapshot. Times are microseconds since 1970. */
export interface ViewEntry {
  /** Path in the vault's tree, `library/...`, `sources/<name>/...`. */
  path: string
  type: EntryType
  size: number | null
  target: string | null
  content: number | null
  mode: number
  uid: number
  gid: number
  mtime: number
  ctime: number
  atime: number
  birthtime: number
}

interface EntryRow extends Omit<ViewEntry, 'path' | 'target'> {
  directory: number
  name: SqlName
  target: SqlName | null
}

const entryColumns = `e.directory, e.name, e.type, c.size, e.target, e.content, e.mode, e.uid, e.gid,
  e.mtime, e.ctime, e.ctime + e.atime_offset AS atime, e.ctime + e.birthtime_offset AS birthtime`
const entries = 'entry e LEFT JOIN content c ON c.id = e.content'
const contentColumns = `c.id, c.sha256, c.size, k.key_id AS keyId, c.ciphertext_sha256 AS ciphertextSha256,
  c.pack, c.pack_offset AS packOffset`
const validAt = '(e.since <= @sequence AND (e.until IS NULL OR e.until > @sequence))'

/** Reads a manifest as of one snapshot. Everything streams: a view holds no more than a few directories' names. */
export class SnapshotView {
  readonly #db: Database
  readonly sequence: number
  readonly #paths = new Map<number, string>([[0, '']])

  constructor(db: Database, sequence: number) {
    this.#db = db
    this.sequence = sequence
  }

  /** Every path, directory by directory. */
  *entries(): Generator<ViewEntry, void, undefined> {
    yield* this.#select('', '')
  }

  /** The paths of one directory, by name. */
  *entriesIn(path: string): Generator<ViewEntry, void, undefined> {
    const directory = this.directoryId(path)
    if (directory === undefined) return
    const rows = this.#db.prepare(
      `SELECT ${entryColumns} FROM ${entries} WHERE directory = @directory AND ${validAt}`,
    )
    for (const row of rows.all({ sequence: this.sequence, directory }) as EntryRow[]) yield this.#entry(row)
  }

  /** One path, or undefined when the snapshot has none such. */
  entry(path: string): ViewEntry | undefined {
    const slash = path.lastIndexOf('/')
    const directory = this.directoryId(slash < 0 ? '' : path.slice(0, slash))
    if (directory === undefined) return undefined
    const row = this.#db
      .prepare(
        `SELECT ${entryColumns} FROM ${entries} WHERE directory = @directory AND name = @name AND ${validAt}`,
      )
      .get({ sequence: this.sequence, directory, name: nameToSql(path.slice(slash + 1)) }) as
      EntryRow | undefined
    return row && this.#entry(row)
  }

  /** Id of a directory, or undefined when the manifest has never seen it. */
  directoryId(path: string): number | undefined {
    let id: number | undefined = 0
    for (const name of path === '' ? [] : path.split('/')) {
      id = this.#db
        .prepare('SELECT id FROM directory WHERE parent = ? AND name = ?')
        .pluck()
        .get(id, nameToSql(name)) as number | undefined
      if (id === undefined) return undefined
    }
    return id
  }

  /** The directories, each one before the directory that it is in. */
  *directoriesDeepestFirst(): Generator<ViewEntry, void, undefined> {
    // A directory gets its number after the one that it is in.
    yield* this.#select('e.type = 1 AND', 'ORDER BY e.directory DESC')
  }

  /** The symbolic links. */
  *symlinks(): Generator<ViewEntry, void, undefined> {
    yield* this.#select('e.type = 2 AND', '')
  }

  /** Files whose content the manifest does not have. A backup never leaves one; they are looked for all the same. */
  *filesWithoutContent(): Generator<ViewEntry, void, undefined> {
    yield* this.#select('e.type = 0 AND NOT EXISTS (SELECT 1 FROM content c WHERE c.id = e.content) AND', '')
  }

  /**
   * The files of the snapshot with their contents, ordered so that equal contents stand together, and the contents of a
   * pack one after the other.
   */
  *filesByContent(): Generator<{ entry: ViewEntry; content: ContentLocation }, void, undefined> {
    const rows = this.#db.prepare(
      `SELECT ${entryColumns}, c.id AS contentId, c.sha256, k.key_id AS keyId,
         c.ciphertext_sha256 AS ciphertextSha256, c.pack, c.pack_offset AS packOffset
       FROM entry e JOIN content c ON c.id = e.content LEFT JOIN data_key k ON k.id = c.data_key
       WHERE ${validAt} ORDER BY c.pack, c.pack_offset, c.id`,
    )
    type Row = EntryRow & ContentLocation & { contentId: number; size: number }
    for (const row of rows.iterate({ sequence: this.sequence }) as IterableIterator<Row>) {
      const { sha256, keyId, ciphertextSha256, pack, packOffset } = row
      yield {
        entry: this.#entry(row),
        content: {
          id: row.contentId,
          size: row.size,
          sha256,
          keyId,
          ciphertextSha256,
          pack,
          packOffset,
        },
      }
    }
  }

  /** Counts over the files of the snapshot. `bytes` is the sum of their sizes. */
  counts(): { files: number; bytes: number; directories: number; symlinks: number } {
    return this.#db
      .prepare(
        `SELECT count(*) FILTER (WHERE type = 0) AS files, coalesce(sum(c.size), 0) AS bytes,
           count(*) FILTER (WHERE type = 1) AS directories, count(*) FILTER (WHERE type = 2) AS symlinks
         FROM ${entries} WHERE ${validAt}`,
      )
      .get({ sequence: this.sequence }) as {
      files: number
      bytes: number
      directories: number
      symlinks: number
    }
  }

  *#select(condition: string, order: string): Generator<ViewEntry, void, undefined> {
    const rows = this.#db.prepare(
      `SELECT ${entryColumns} FROM ${entries} WHERE ${condition} ${validAt} ${order}`,
    )
    for (const row of rows.iterate({ sequence: this.sequence }) as IterableIterator<EntryRow>)
      yield this.#entry(row)
  }

  #entry(row: EntryRow): ViewEntry {
    const { directory, name, target, ...rest } = row
    const parent = this.#pathOf(directory)
    const own = nameFromSql(name)
    return {
      type: rest.type,
      size: rest.size,
      content: rest.content,
      mode: rest.mode,
      uid: rest.uid,
      gid: rest.gid,
      mtime: rest.mtime,
      ctime: rest.ctime,
      atime: rest.atime,
      birthtime: rest.birthtime,
      target: target === null ? null : nameFromSql(target),
      path: parent === '' ? own : `${parent}/${own}`,
    }
  }

  #pathOf(directory: number, depth = 0): string {
    const known = this.#paths.get(directory)
    if (known !== undefined) return known
    const row = this.#db.prepare('SELECT parent, name FROM directory WHERE id = ?').raw().get(directory) as
      [number, SqlName] | undefined
    if (!row || depth > maxDepth)
      throw new Error(`the manifest names directory ${directory}, which it does not have`)
    const parent = this.#pathOf(row[0], depth + 1)
    const path = parent === '' ? nameFromSql(row[1]) : `${parent}/${nameFromSql(row[1])}`
    if (this.#paths.size > 20_000) this.#paths.clear()
    this.#paths.set(0, '')
    this.#paths.set(directory, path)
    return path
  }
}

/** Deeper than any path that Linux can open; a manifest whose directories form a ring ends here. */
const maxDepth = 4096

/** Every content the manifest knows, whatever snapshot refers to it. */
export function* allContents(db: Database): Generator<ContentLocation, void, undefined> {
  yield* db
    .prepare(
      `SELECT ${contentColumns} FROM content c LEFT JOIN data_key k ON k.id = c.data_key ORDER BY c.pack, c.pack_offset, c.id`,
    )
    .iterate() as IterableIterator<ContentLocation>
}

/** Every pack the manifest knows. */
export function* allPacks(db: Database): Generator<PackLocation, void, undefined> {
  yield* db.prepare(`${packQuery} ORDER BY p.id`).iterate() as IterableIterator<PackLocation>
}

const packQuery = `SELECT p.id, p.name, k.key_id AS keyId, p.plaintext_size AS plaintextSize, p.ciphertext_sha256 AS ciphertextSha256
  FROM pack p JOIN data_key k ON k.id = p.data_key`

/** One pack. @throws when the manifest has no such pack. */
export function packLocation(db: Database, id: number): PackLocation {
  const pack = db.prepare(`${packQuery} WHERE p.id = ?`).get(id) as PackLocation | undefined
  if (!pack) throw new Error(`the manifest names pack ${id}, which it does not have`)
  return pack
}

/** The data keys of the vault with their wrapped files, as far as this manifest knows. */
export function allDataKeys(db: Database): { keyId: Buffer; wrappedSize: number; wrappedSha256: Buffer }[] {
  return db
    .prepare(
      'SELECT key_id AS keyId, wrapped_size AS wrappedSize, wrapped_sha256 AS wrappedSha256 FROM data_key ORDER BY id',
    )
    .all() as { keyId: Buffer; wrappedSize: number; wrappedSha256: Buffer }[]
}
