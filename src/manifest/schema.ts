import type { Database } from 'better-sqlite3'
import { UserError } from '../shared/errors.ts'
import { isDamage } from './damage.ts'
import { openReadOnly } from './database.ts'

/*
 * A manifest is cumulative. A row of `entry` says what a path was from snapshot `since` until snapshot `until`
 * (NULL: still), so "the library as of snapshot s" is `since <= s AND (until IS NULL OR until > s)`, and the rows that
 * changed after snapshot s are `since > s OR until > s`, which is what a delta holds.
 *
 * Names are TEXT where they are UTF-8 and BLOB where they are not. Times are microseconds since 1970, which is
 * what Node can set; atime and birthtime are kept as their distance from ctime, to which they are near. Hashes have 32
 * bytes. The name of an object is not stored: it follows from content hash and key id.
 */
const tables = {
  snapshot: `CREATE TABLE snapshot (
  sequence INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL,
  created INTEGER NOT NULL,
  complete INTEGER NOT NULL
) STRICT`,
  data_key: `CREATE TABLE data_key (
  id INTEGER PRIMARY KEY,
  key_id BLOB NOT NULL,
  wrapped_size INTEGER NOT NULL,
  wrapped_sha256 BLOB NOT NULL,
  since INTEGER NOT NULL
) STRICT`,
  pack: `CREATE TABLE pack (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  data_key INTEGER NOT NULL,
  plaintext_size INTEGER NOT NULL,
  ciphertext_sha256 BLOB NOT NULL,
  since INTEGER NOT NULL
) STRICT`,
  content: `CREATE TABLE content (
  id INTEGER PRIMARY KEY,
  sha256 BLOB NOT NULL,
  size INTEGER NOT NULL,
  data_key INTEGER,
  ciphertext_sha256 BLOB,
  pack INTEGER,
  pack_offset INTEGER,
  since INTEGER NOT NULL
) STRICT`,
  directory: `CREATE TABLE directory (
  id INTEGER PRIMARY KEY,
  parent INTEGER NOT NULL,
  name ANY NOT NULL,
  since INTEGER NOT NULL
) STRICT`,
  entry: `CREATE TABLE entry (
  directory INTEGER NOT NULL,
  name ANY NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER,
  type INTEGER NOT NULL,
  content INTEGER,
  target ANY,
  mode INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  gid INTEGER NOT NULL,
  mtime INTEGER NOT NULL,
  ctime INTEGER NOT NULL,
  atime_offset INTEGER NOT NULL,
  birthtime_offset INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  PRIMARY KEY (directory, name, since)
) STRICT, WITHOUT ROWID`,
} as const

/** Tables in the order in which they are written and applied. */
export const tableNames = Object.keys(tables) as (keyof typeof tables)[]

/** Tables whose rows end as well as begin. */
export function changedAfter(table: keyof typeof tables): string {
  if (table === 'snapshot') return 'sequence > @after'
  return table === 'entry' ? '(since > @after OR until > @after)' : 'since > @after'
}

/** What a local working copy has beside the manifest's own tables. It can be derived, so it is never uploaded. */
const localParts = [
  'CREATE UNIQUE INDEX IF NOT EXISTS content_by_hash ON content (sha256)',
  'CREATE UNIQUE INDEX IF NOT EXISTS directory_by_name ON directory (parent, name)',
  'CREATE TABLE IF NOT EXISTS local (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT',
]

/** Makes the tables of an empty manifest in a schema of the connection. */
export function createTables(db: Database, schema = 'main'): void {
  for (const name of tableNames) db.exec(tables[name].replace('CREATE TABLE ', `CREATE TABLE ${schema}.`))
}

/** Adds indexes and local notes. @throws when two rows claim one content or one directory. */
export function createLocalParts(db: Database): void {
  for (const statement of localParts) db.exec(statement)
}

/**
 * Refuses a file that is anything but a manifest: other tables, triggers, views, changed columns, broken pages, values
 * of the wrong type, no SQLite at all.
 */
export function assertManifest(file: string): void {
  if (isManifest(file)) return
  throw new UserError(`${file} is not a manifest that Safelight wrote, or it is damaged`, {
    hint: 'Choose another snapshot; every full manifest stands on its own.',
  })
}

function isManifest(file: string): boolean {
  let db: Database | undefined
  try {
    db = openReadOnly(file)
    const found = db.prepare('SELECT name, sql FROM sqlite_schema').raw().all() as [string, string][]
    const expected = new Map<string, string>(Object.entries(tables))
    const same = found.length === expected.size && found.every(([name, sql]) => expected.get(name) === sql)
    return same && db.pragma('quick_check', { simple: true }) === 'ok'
  } catch (error) {
    if (isDamage(error)) return false
    throw error
  } finally {
    db?.close()
  }
}
