import type { Database } from 'better-sqlite3'
import type { Run } from './run.ts'

const open = "state IN ('PENDING', 'RUNNING')"

/** Writes down that a run is dead: it ended when it was last heard of. */
export function interruptRun(db: Database, { id }: Run): void {
  db.prepare(`UPDATE job SET state = 'INTERRUPTED' WHERE run = ? AND ${open}`).run(id)
  endRun(db, id)
}

/** The same for what the run had to do at one destination; the run itself is dead once nothing else is left of it. */
export function interruptAt(db: Database, { id }: Run, destination: string): void {
  db.prepare(
    `UPDATE job SET state = 'INTERRUPTED'
     WHERE run = ? AND ${open} AND destination = (SELECT id FROM destination WHERE name = ?)`,
  ).run(id, destination)
  const left = db.prepare(`SELECT count(*) FROM job WHERE run = ? AND ${open}`).pluck().get(id)
  if (left === 0) endRun(db, id)
}

function endRun(db: Database, id: number): void {
  db.prepare("UPDATE run SET state = 'INTERRUPTED', ended = heartbeat WHERE id = ?").run(id)
}
