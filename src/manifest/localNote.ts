import { existsSync } from 'node:fs'
import { openReadOnly } from './database.ts'

/**
 * A note of this machine in a working copy that somebody else may be writing to, or that may not be written to at all.
 * Undefined when there is no such note, or no working copy.
 */
export function readLocalNote(file: string, name: string): string | undefined {
  if (!existsSync(file)) return undefined
  const db = openReadOnly(file)
  try {
    const made = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'local'").get()
    if (made === undefined) return undefined
    return db.prepare('SELECT value FROM local WHERE name = ?').pluck().get(name) as string | undefined
  } finally {
    db.close()
  }
}
