import type { Database } from 'better-sqlite3'
import { attached } from './attached.ts'
import { entryTypes } from './entry.ts'
import type { Manifest } from './manifest.ts'

/**
 * Takes over from another manifest the files as they are there now, as rows of `sequence`. Their contents have to be there
 * already; a file whose content is not is left out. So is one where this manifest has a folder, or has got a row of its
 * own after `after`: it knows better.
 *
 * Folders that this manifest lacks are made on the way to the files: a walk only misses what is in a folder that it
 * expects. They look as no folder does until a walk has seen them.
 * @param after only files that the other manifest got after this sequence, up to which both are the same.
 * @returns how many files were taken over.
 */
export function importFiles(manifest: Manifest, file: string, sequence: number, after: number): number {
  const { db } = manifest
  const { files, folders } = attached(db, file, (schema) =>
    db.transaction(() => {
      mapDirectories(db, schema, sequence)
      const files = db
        .prepare(
          `INSERT INTO main.entry
           SELECT d.ours, e.name, @sequence, NULL, e.type, c.id, NULL, e.mode, e.uid, e.gid, e.mtime, e.ctime, e.atime_offset,
             e.birthtime_offset, e.inode
           FROM ${schema}.entry e JOIN temp.directory_map d ON d.theirs = e.directory
           JOIN ${schema}.content theirs ON theirs.id = e.content JOIN main.content c ON c.sha256 = theirs.sha256
           WHERE e.type = ${entryTypes.file} AND e.until IS NULL AND e.since > @after
             AND NOT EXISTS (SELECT 1 FROM main.entry o WHERE o.directory = d.ours AND o.name = e.name
               AND o.until IS NULL AND (o.type = ${entryTypes.directory} OR o.since > @after))`,
        )
        .run({ sequence, after }).changes
      const folders = db.prepare(insertFolders).run({ sequence, mode: 0o700 }).changes
      db.prepare(endFormerRows).run({ sequence })
      db.exec('DROP TABLE temp.directory_map')
      return { files, folders }
    })(),
  )
  manifest.markWritten(files + folders)
  return files
}

/** Every folder on the way to a file of `sequence`. `sources` is none: it only holds the further sources. */
const insertFolders = `
  WITH RECURSIVE folder (id) AS (
    SELECT directory FROM main.entry WHERE since = @sequence AND until IS NULL AND type = ${entryTypes.file}
    UNION
    SELECT d.parent FROM folder JOIN main.directory d USING (id)
  )
  INSERT OR REPLACE INTO main.entry
  SELECT d.parent, d.name, @sequence, NULL, ${entryTypes.directory}, NULL, NULL, @mode, 0, 0, 0, 0, 0, 0, 0
  FROM folder JOIN main.directory d USING (id)
  WHERE (d.parent, d.name) <> (0, 'sources')
    AND NOT EXISTS (SELECT 1 FROM main.entry o WHERE o.directory = d.parent AND o.name = d.name
      AND o.until IS NULL AND o.type = ${entryTypes.directory})`

const endFormerRows = `
  UPDATE main.entry SET until = @sequence
  WHERE until IS NULL AND since < @sequence AND EXISTS (SELECT 1 FROM main.entry now
    WHERE now.directory = entry.directory AND now.name = entry.name AND now.since = @sequence)`

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
