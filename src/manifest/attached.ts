import type { Database } from 'better-sqlite3'

/** Does something with another SQLite file beside the one that is open. `work` gets the name of its schema. */
export function attached<T>(db: Database, file: string, work: (schema: string) => T): T {
  db.prepare('ATTACH ? AS other').run(file)
  try {
    return work('other')
  } finally {
    db.exec('DETACH other')
  }
}
