import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { assembleManifest, writeFullManifest } from '../../src/manifest/chain.ts'
import { usesOfContents } from '../../src/manifest/contents.ts'
import { Manifest } from '../../src/manifest/manifest.ts'
import { SnapshotView } from '../../src/manifest/view.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { apply } from './model.ts'

/** A full manifest with one file, as it would lie in a vault. */
async function written() {
  const folder = await temporaryFolder()
  const file = join(folder.path, 'full.sqlite')
  const manifest = new Manifest(join(folder.path, 'working.sqlite'))
  apply(manifest, [{ kind: 'file', folder: 'library/a', name: '1.jpg', content: 2, mode: 0o644 }], 1)
  writeFullManifest(manifest, file)
  manifest.close()
  return {
    file,
    change(...statements: string[]): void {
      const db = new Sqlite(file)
      db.unsafeMode()
      for (const statement of statements) db.exec(statement)
      db.close()
    },
    assemble: () => assembleManifest(file, [], join(folder.path, 'assembled.sqlite')),
    assembleAsDelta: () => {
      const base = join(folder.path, 'base.sqlite')
      const empty = new Manifest(join(folder.path, 'empty.sqlite'))
      writeFullManifest(empty, base)
      empty.close()
      return assembleManifest(base, [file], join(folder.path, 'assembled.sqlite'))
    },
    [Symbol.asyncDispose]: async () => await folder[Symbol.asyncDispose](),
  }
}

const schemaChange = (sql: string): string[] => [
  'PRAGMA writable_schema = ON',
  sql,
  'PRAGMA writable_schema = RESET',
]

const changes: [what: string, ...statements: string[]][] = [
  ['another table', 'CREATE TABLE extra (x)'],
  ['another table whose name resembles one of SQLite’s own', 'CREATE TABLE sqlitextra (x)'],
  ['a trigger', 'CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry; END'],
  [
    'a trigger whose name resembles one of SQLite’s own',
    'CREATE TRIGGER sqlite1t AFTER INSERT ON entry BEGIN DELETE FROM entry; END',
  ],
  [
    'a trigger under a name of SQLite’s own',
    'CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry; END',
    ...schemaChange(
      "UPDATE sqlite_schema SET name = 'sqlite_t', sql = replace(sql, ' t ', ' sqlite_t ') WHERE name = 't'",
    ),
  ],
  ['a view', 'CREATE VIEW v AS SELECT * FROM entry'],
  ['a view in the place of a table', 'DROP TABLE snapshot', 'CREATE VIEW snapshot AS SELECT 1 AS sequence'],
  ['an index', 'CREATE INDEX i ON entry (mode)'],
  ['a table less', 'DROP TABLE snapshot'],
  ['a column more', 'ALTER TABLE content ADD COLUMN extra INTEGER'],
  ['a column of another name', 'ALTER TABLE content RENAME COLUMN size TO length'],
  ['a generated column', 'ALTER TABLE content ADD COLUMN extra INTEGER AS (size + 1)'],
  ['statistics', 'ANALYZE'],
  [
    'a value of the wrong type',
    ...schemaChange("UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'content'"),
    "UPDATE content SET size = 'many'",
    ...schemaChange("UPDATE sqlite_schema SET sql = sql || ' STRICT' WHERE name = 'content'"),
  ],
]

describe('a manifest is refused that has', () => {
  test.each(changes)('%s', async (...[, ...statements]) => {
    await using manifest = await written()
    manifest.change(...statements)
    for (const assemble of [manifest.assemble, manifest.assembleAsDelta])
      expect(assemble).toThrow(/is not a manifest that Safelight wrote, or it is damaged/)
  })

  test('a broken page', async () => {
    await using manifest = await written()
    const bytes = readFileSync(manifest.file)
    bytes.fill(0xa5, 4096 * 3, 4096 * 4)
    writeFileSync(manifest.file, bytes)
    expect(manifest.assemble).toThrow(/is not a manifest/)
  })

  test('nothing of SQLite in it', async () => {
    await using manifest = await written()
    writeFileSync(manifest.file, 'hello')
    expect(manifest.assemble).toThrow(/is not a manifest/)
  })
})

test('an unchanged one is accepted', async () => {
  await using manifest = await written()
  for (const assemble of [manifest.assemble, manifest.assembleAsDelta]) {
    const assembled = assemble()
    expect(new SnapshotView(assembled.db, 1).counts()).toMatchObject({ files: 1, bytes: 2 })
    assembled.close()
  }
})

test('folders that lie in one another end in an error, and not never', async () => {
  await using hostile = await written()
  const ring =
    "UPDATE directory SET parent = (SELECT id FROM directory WHERE name = CAST('a' AS TEXT)) WHERE name = 'library'"
  hostile.change(ring)
  const manifest = hostile.assemble()
  const view = new SnapshotView(manifest.db, 1)
  expect(() => [...view.entries()]).toThrow(/the manifest names directory/)
  expect([...usesOfContents(manifest.db, new Set([1]))]).toHaveLength(1)
  manifest.close()
})

test('a file in a folder that is not there ends in an error', async () => {
  await using hostile = await written()
  hostile.change('DELETE FROM directory')
  const manifest = hostile.assemble()
  expect(() => [...new SnapshotView(manifest.db, 1).entries()]).toThrow(/the manifest names directory/)
  manifest.close()
})
