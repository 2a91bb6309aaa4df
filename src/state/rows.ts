import type { Database } from 'better-sqlite3'
import type { Job, Run, RunResult } from './run.ts'

type Times<T> = {
  [K in keyof T]: T[K] extends Date ? number : T[K] extends Date | null ? number | null : T[K]
}

/**
 * Runs with their jobs and results.
 * @param which the rest of the query on the table `run`: `WHERE id = ?`.
 */
export function selectRuns(db: Database, which: string, ...values: readonly (string | number)[]): Run[] {
  const rows = db
    .prepare(
      `SELECT id, program, machine, boot_id AS bootId, pid, interval_ms AS intervalMs, state, started, heartbeat, ended,
         exit_code AS exitCode
       FROM run ${which}`,
    )
    .all(...values) as Times<Omit<Run, 'jobs' | 'results'>>[]
  return rows.map((row) => ({
    ...row,
    started: new Date(row.started),
    heartbeat: new Date(row.heartbeat),
    ended: dateOf(row.ended),
    jobs: jobsOf(db, row.id),
    results: resultsOf(db, row.id),
  }))
}

function jobsOf(db: Database, run: number): Job[] {
  const rows = db
    .prepare(
      `SELECT d.name AS destination, source, priority, state, files_total AS filesTotal, files_done AS filesDone,
         bytes_total AS bytesTotal, bytes_done AS bytesDone, speed, started, completed, updated, error, retries
       FROM job JOIN destination d ON d.id = destination WHERE run = ? ORDER BY d.id, priority, source`,
    )
    .all(run) as Times<Job>[]
  return rows.map((row) => ({
    ...row,
    started: dateOf(row.started),
    completed: dateOf(row.completed),
    updated: new Date(row.updated),
  }))
}

function resultsOf(db: Database, run: number): RunResult[] {
  const rows = db
    .prepare(
      `SELECT d.name AS destination, ended, exit_code AS exitCode, snapshot, error
       FROM result JOIN destination d ON d.id = destination WHERE run = ? ORDER BY d.id`,
    )
    .all(run) as Times<RunResult>[]
  return rows.map((row) => ({ ...row, ended: new Date(row.ended) }))
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms)
}
