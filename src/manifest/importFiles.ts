import type { Database } from 'better-sqlite3'
import { attached } from './attached.ts'
import { entryTypes } from './entry.ts'
import type { Manifest } from './manifest.ts'

/**
 * Takes over from another manifest the files as they are there now, as rows of `sequence`. Their contents have to be there
 * already; a file whose content is not is left out.
 * @param after only files that the other manifest got after this sequence of its own.
 * @returns how many files were taken over.
 */
export function importFiles(manifest: Manifest, file: string, sequence: number, after: number): number {
  const { db } = manifest
  const imported = attached(db, file, (schema) =>
    db.transaction(() => {
      mapDirectories(db, schema, sequence)
      db.exec(incomingFiles)
      db.prepare(
        `INSERT OR IGNORE INTO temp.incoming
         SELECT d.ours AS directory, e.name, c.id AS content, e.mode, e.uid, e.gid, e.mtime, e.ctime, e.atime_offset,
           e.birthtime_offset, e.inode
         FROM ${schema}.entry e JOIN temp.directory_map d ON d.theirs = e.directory
         JOIN ${schema}.content theirs ON theirs.id = e.content JOIN main.content c ON c.sha256 = theirs.sha256
         WHERE e.type = ${entryTypes.file} AND e.until IS NULL AND e.since > ?`,
      ).run(after)
      const theSame = '(directory, name) IN (SELECT directory, name FROM temp.incoming)'
      db.prepare(`DELETE FROM main.entry WHERE since = ? AND ${theSame}`).run(sequence)
      db.prepare(`UPDATE main.entry SET until = ? WHERE until IS NULL AND ${theSame}`).run(sequence)
      const { changes } = db
        .prepare(
          `INSERT INTO main.entry SELECT directory, name, @sequence, NULL, ${entryTypes.file}, content, NULL, mode, uid, gid,
             mtime, ctime, atime_offset, birthtime_offset, inode FROM temp.incoming`,
        )
        .run({ sequence })
      db.exec('DROP TABLE temp.incoming; DROP TABLE temp.directory_map')
      return changes
    })(),
  )
  manifest.markWritten(imported)
  return imported
}

/** Strict, as the manifest's own tables: names are kept as they are, `007` included. */
const incomingFiles = `CREATE TEMP TABLE incoming (
  directory INTEGER, name ANY, content INTEGER, mode INTEGER, uid INTEGER, gid INTEGER, mtime INTEGER, ctime INTEGER,
  atime_offset INTEGER, birthtime_offset INTEGER, inode INTEGER, PRIMARY KEY (directory, name)
) STRICT, WITHOUT ROWID`

/** Makes the directories of the other manifest that this one lacks, and a table of which one is which: level by level, from the root. */
function mapDirectories(db: Database, schema: string, sequence: number): void {
  db.exec('CREATE TEMP TABLE directory_map (theirs INTEGER PRIMARY KEY, ours INTEGER, depth INTEGER) STRICT')
  db.exec('INSERT INTO temp.directory_map VALUES (0, 0, 0)')
  const below = `${schema}.directory d JOIN temp.directory_map m ON m.theirs = d.parent WHERE m.depth = @depth`
  const make = db.prepare(
    `INSERT OR IGNORE INTO main.directory (parent, name, since) SELECT m.ours, d.name, @sequence FROM ${below}`,
  )
  const map = db.prepare(
    `INSERT OR IGNORE INTO temp.directory_map SELECT d.id, ours.id, @depth + 1 FROM ${schema}.directory d
     JOIN temp.directory_map m ON m.theirs = d.parent JOIN main.directory ours ON ours.parent = m.ours AND ours.name = d.name
     WHERE m.depth = @depth`,
  )
  for (let depth = 0; ; depth++) {
    make.run({ depth, sequence })
    if (map.run({ depth }).changes === 0) return
  }
}
