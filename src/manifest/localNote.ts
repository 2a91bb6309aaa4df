import { existsSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { workingCopyError } from './damage.ts'
import { openReadOnly } from './database.ts'

/**
 * A note of this machine in a working copy that somebody else may be writing to, or that may not be written to at all.
 * Undefined when there is no such note, or no working copy.
 * @throws UserError when it is damaged.
 */
export function readLocalNote(file: string, name: string): string | undefined {
  if (!existsSync(file)) return undefined
  let db: Database | undefined
  try {
    db = openReadOnly(file)
    const made = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'local'").get()
    if (made === undefined) return undefined
    return db.prepare('SELECT value FROM local WHERE name = ?').pluck().get(name) as string | undefined
  } catch (error) {
    throw workingCopyError(file, error)
  } finally {
    db?.close()
  }
}
