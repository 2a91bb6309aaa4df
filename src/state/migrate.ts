import type { Database } from 'better-sqlite3'
import type { Migration } from './migrations/migration.ts'

/** The file has been written by a later Safelight. */
export class NewerSchemaError extends Error {
  constructor(found: number, known: number) {
    super(`it has version ${found} of the schema, and this Safelight knows versions up to ${known}`)
    this.name = 'NewerSchemaError'
  }
}

/**
 * Brings a file, new or old, to the newest version. All steps are one transaction: after a crash the file is what it was
 * before. Another process that opens the file meanwhile waits.
 * @throws NewerSchemaError
 */
export function migrate(db: Database, migrations: readonly Migration[]): void {
  const newest = migrations.at(-1)?.version ?? 0
  if (versionOf(db) === newest) return
  db.transaction(() => {
    const found = versionOf(db)
    if (found > newest) throw new NewerSchemaError(found, newest)
    for (const { version, sql } of migrations) if (version > found) db.exec(sql)
    db.pragma(`user_version = ${newest}`)
  }).exclusive()
}

function versionOf(db: Database): number {
  return db.pragma('user_version', { simple: true }) as number
}
