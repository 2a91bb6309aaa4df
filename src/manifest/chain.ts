import { copyFileSync, rmSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { attached } from './attached.ts'
import { harden } from './database.ts'
import { Manifest } from './manifest.ts'
import { assertManifest, changedAfter, createLocalParts, createTables, tableNames } from './schema.ts'

/** Writes the whole manifest into a new file, without anything that can be derived. */
export function writeFullManifest(manifest: Manifest, file: string): void {
  writeRows(manifest, file, -1)
}

/** Writes what changed after `sequence` into a new file. */
export function writeDeltaManifest(manifest: Manifest, file: string, sequence: number): void {
  writeRows(manifest, file, sequence)
}

function writeRows(manifest: Manifest, file: string, after: number): void {
  rmSync(file, { force: true })
  const empty = new Sqlite(file)
  empty.pragma('journal_mode = OFF')
  empty.pragma('page_size = 4096')
  createTables(empty)
  empty.close()
  const { db } = manifest
  attached(db, file, (schema) => {
    db.transaction(() => {
      for (const table of tableNames) {
        db.prepare(
          `INSERT INTO ${schema}.${table} SELECT * FROM main.${table} WHERE ${changedAfter(table)}`,
        ).run({ after })
      }
    })()
  })
}

/**
 * Makes a working copy from a chain of fetched files: the base, then its deltas in order. The files are consumed.
 * @throws UserError when a file is no manifest.
 */
export function assembleManifest(base: string, deltas: readonly string[], target: string): Manifest {
  for (const file of [base, ...deltas]) assertManifest(file)
  for (const suffix of ['', '-wal', '-shm']) rmSync(target + suffix, { force: true })
  copyFileSync(base, target)
  const db = new Sqlite(target)
  harden(db)
  db.pragma('journal_mode = OFF')
  db.pragma('synchronous = OFF')
  for (const file of deltas) {
    attached(db, file, (schema) => {
      db.transaction(() => {
        for (const table of tableNames)
          db.prepare(`INSERT OR REPLACE INTO main.${table} SELECT * FROM ${schema}.${table}`).run()
      })()
    })
  }
  createLocalParts(db)
  db.close()
  return new Manifest(target)
}

/**
 * Takes over from another chain's manifest the contents that this one does not have, with their keys and packs, as rows
 * of `sequence`: after a fork, or when another machine has committed since.
 * @param after only contents that the other chain got after this sequence of its own.
 * @returns how many contents were taken over.
 */
export function importContents(manifest: Manifest, file: string, sequence: number, after = -1): number {
  const { db } = manifest
  const imported = attached(db, file, (schema) =>
    db.transaction(() => {
      db.prepare(
        `INSERT INTO main.data_key (key_id, wrapped_size, wrapped_sha256, since)
         SELECT key_id, wrapped_size, wrapped_sha256, @sequence FROM ${schema}.data_key
         WHERE since > @after AND key_id NOT IN (SELECT key_id FROM main.data_key)`,
      ).run({ sequence, after })
      db.prepare(
        `INSERT INTO main.pack (name, data_key, plaintext_size, ciphertext_sha256, since)
         SELECT p.name, ours.id, p.plaintext_size, p.ciphertext_sha256, @sequence FROM ${schema}.pack p
         JOIN ${schema}.data_key theirs ON theirs.id = p.data_key JOIN main.data_key ours ON ours.key_id = theirs.key_id
         WHERE p.since > @after AND p.name NOT IN (SELECT name FROM main.pack)`,
      ).run({ sequence, after })
      return db
        .prepare(
          `INSERT INTO main.content (sha256, size, data_key, ciphertext_sha256, pack, pack_offset, since)
           SELECT c.sha256, c.size, ours.id, c.ciphertext_sha256, our_pack.id, c.pack_offset, @sequence FROM ${schema}.content c
           LEFT JOIN ${schema}.data_key theirs ON theirs.id = c.data_key LEFT JOIN main.data_key ours ON ours.key_id = theirs.key_id
           LEFT JOIN ${schema}.pack their_pack ON their_pack.id = c.pack LEFT JOIN main.pack our_pack ON our_pack.name = their_pack.name
           WHERE c.since > @after AND c.sha256 NOT IN (SELECT sha256 FROM main.content)
             AND coalesce(ours.id, our_pack.id) IS NOT NULL`,
        )
        .run({ sequence, after }).changes
    })(),
  )
  manifest.markWritten(imported)
  return imported
}
