import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { migrate, NewerSchemaError } from '../../src/state/migrate.ts'
import { migrations } from '../../src/state/migrations.ts'
import type { Migration } from '../../src/state/migrations/migration.ts'
import { openState } from '../../src/state/state.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

const files = join(import.meta.dirname, 'files')

/** What SQLite says that is in a file: tables, columns, indexes. */
function schemaOf(db: Sqlite.Database): unknown {
  const objects = db.prepare("SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").all() as {
    type: string
    name: string
  }[]
  const columns = ({ name }: { name: string }) => db.pragma(`table_xinfo(${name})`)
  return objects.map((object) => ({ ...object, columns: columns(object) }))
}

function fresh(): Sqlite.Database {
  const db = new Sqlite(':memory:')
  migrate(db, migrations)
  return db
}

function old(version: number): Sqlite.Database {
  const db = new Sqlite(':memory:')
  db.exec(readFileSync(join(files, `version-${version}.sql`), 'utf8'))
  return db
}

test('versions are counted from 1 without gaps, and each has a frozen file', () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, i) => i + 1))
  expect(readdirSync(files).sort()).toEqual(migrations.map(({ version }) => `version-${version}.sql`).sort())
})

describe.each(migrations.map(({ version }) => version))('a file of version %i', (version) => {
  test('becomes what a fresh one is, and keeps its rows', () => {
    const db = old(version)
    const runs = db.prepare('SELECT count(*) FROM run').pluck().get()
    migrate(db, migrations)
    expect(schemaOf(db)).toEqual(schemaOf(fresh()))
    expect(db.pragma('user_version', { simple: true })).toBe(migrations.length)
    expect(db.prepare('SELECT count(*) FROM run').pluck().get()).toBe(runs)
    expect(db.pragma('foreign_key_check')).toEqual([])
  })

  test('is what its own steps make of nothing', () => {
    const db = new Sqlite(':memory:')
    migrate(db, migrations.slice(0, version))
    expect(schemaOf(old(version))).toEqual(schemaOf(db))
  })

  test('goes on to be used: the run that it left unfinished is interrupted, the next one is added', async () => {
    await using folder = await temporaryFolder()
    const file = new Sqlite(join(folder.path, 'state.db'))
    file.exec(readFileSync(join(files, `version-${version}.sql`), 'utf8'))
    file.close()
    using state = openState(folder.path, new Date())
    const here = { name: 'nas', bootId: 'later' }
    const jobs = [{ destination: 'disk', source: 'library', priority: 1 }]
    state.beginRun({ program: 'safelight', here, pid: 1, intervalMs: 60_000, jobs }, new Date())
    expect(state.setAside).toBeUndefined()
    expect(state.lastRuns().map(({ state }) => state)).toEqual(['RUNNING', 'INTERRUPTED', 'COMPLETED'])
    expect(state.lastRuns().at(-1)?.results).toMatchObject([
      { destination: 'disk', snapshot: '0000000001-0123456789abcdef' },
    ])
  })
})

describe('steps', () => {
  const steps: Migration[] = [
    { version: 1, sql: 'CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1)' },
    { version: 2, sql: 'ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1' },
    { version: 3, sql: 'UPDATE a SET y = y * 10' },
  ]

  test.each([0, 1, 2, 3])('go on from version %i, each once', (version) => {
    const db = new Sqlite(':memory:')
    migrate(db, steps.slice(0, version))
    migrate(db, steps)
    migrate(db, steps)
    expect(db.prepare('SELECT * FROM a').all()).toEqual([{ x: 1, y: 20 }])
  })

  test('are undone together when one fails', () => {
    const db = new Sqlite(':memory:')
    migrate(db, steps.slice(0, 1))
    const broken = { version: 3, sql: 'UPDATE a SET nowhere = 1' }
    expect(() => migrate(db, [...steps.slice(0, 2), broken])).toThrow('nowhere')
    expect(db.prepare('SELECT * FROM a').all()).toEqual([{ x: 1 }])
    expect(db.pragma('user_version', { simple: true })).toBe(1)
  })

  test('refuse a file of a later program', () => {
    const db = new Sqlite(':memory:')
    migrate(db, steps)
    expect(() => migrate(db, steps.slice(0, 2))).toThrow(NewerSchemaError)
  })
})
