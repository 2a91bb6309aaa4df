import type { Database } from 'better-sqlite3'
import type { ExitCode } from '../shared/errors.ts'
import { farAwayError } from './holder.ts'
import { interruptAt, interruptRun } from './interrupt.ts'
import { liveness, type Machine } from './liveness.ts'
import { selectRuns } from './rows.ts'
import type { JobName, JobProgress, JobState, Run, RunResult, RunState } from './run.ts'

/** A run that begins. */
export interface RunDraft {
  program: string
  here: Machine
  pid: number
  /** Milliseconds between two heartbeats. */
  intervalMs: number
  jobs: readonly (JobName & { priority: number })[]
}

/** How a job stands now. */
export interface JobUpdate extends JobName, JobProgress {
  state: JobState
  started: Date | null
}

/** A run of this process. Only it writes to its rows, as long as it lives. */
export class OpenRun {
  readonly id: number
  readonly #db: Database
  readonly #here: Machine

  private constructor(db: Database, id: number, here: Machine) {
    this.#db = db
    this.id = id
    this.#here = here
  }

  /** @param kept so many runs are remembered; those before are forgotten. */
  static begin(db: Database, draft: RunDraft, now: Date, kept: number): OpenRun {
    const { here } = draft
    const begin = db.transaction(() => {
      for (const run of selectRuns(db, "WHERE state = 'RUNNING'"))
        if (liveness(run, here, now) === 'stale') interruptRun(db, run)
      const id = insertRun(db, draft, now)
      db.prepare("DELETE FROM run WHERE id <= ? AND state <> 'RUNNING'").run(id - kept)
      return id
    })
    return new OpenRun(db, begin.immediate(), here)
  }

  /**
   * Takes a destination for this run. The caller holds the lock of the destination's folder, so no process under this
   * kernel is at it: a run of this boot that says so is dead. What another machine wrote down is believed as long as
   * it is not stale.
   * @param force also takes it from another machine's run that seems to be live.
   * @returns the last run there, if it was interrupted.
   * @throws UserError exit 11
   */
  take(destination: string, { force, now }: { force: boolean; now: Date }): Run | undefined {
    const take = this.#db.transaction(() => {
      const others = this.#othersAt(destination)
      for (const run of others) {
        const here = run.bootId === this.#here.bootId
        if (!here && !force && liveness(run, this.#here, now) === 'live') throw farAwayError(destination, run)
      }
      for (const run of others) interruptAt(this.#db, run, destination)
      return this.#lastInterrupted(destination)
    })
    return take.immediate()
  }

  /** The run has no place at a destination; without any, it never was. */
  leave(destination: string): void {
    const leave = this.#db.transaction(() => {
      this.#db
        .prepare(
          'DELETE FROM job WHERE run = ? AND destination = (SELECT id FROM destination WHERE name = ?)',
        )
        .run(this.id, destination)
      this.#db.prepare('DELETE FROM run WHERE id = ? AND id NOT IN (SELECT run FROM job)').run(this.id)
    })
    leave.immediate()
  }

  /** Who seems to have a destination whose lock is held: others that came later wait for the same answer. */
  holderOf(destination: string): Run | undefined {
    return this.#othersAt(destination)[0]
  }

  /** Writes down how jobs stand, and that the run is alive. */
  update(jobs: readonly JobUpdate[], now: Date): void {
    const update = this.#db.prepare(
      `UPDATE job SET state = @state, files_total = @filesTotal, files_done = @filesDone, bytes_total = @bytesTotal,
         speed = CASE WHEN @now > updated AND @state = 'RUNNING' AND job.state = 'RUNNING'
           THEN CAST(max(0, (@bytesDone - bytes_done) * 1000 / (@now - updated)) AS INTEGER) ELSE speed END,
         bytes_done = @bytesDone,
         started = @started,
         completed = CASE WHEN @state = 'COMPLETED' THEN coalesce(completed, @now) END,
         updated = @now, error = @error, retries = @retries
       WHERE run = @run AND destination = (SELECT id FROM destination WHERE name = @destination) AND source = @source`,
    )
    const write = this.#db.transaction(() => {
      for (const job of jobs)
        update.run({ ...job, started: job.started?.getTime() ?? null, run: this.id, now: now.getTime() })
      this.#db.prepare('UPDATE run SET heartbeat = ? WHERE id = ?').run(now.getTime(), this.id)
    })
    write.immediate()
  }

  /** Writes down how the run ended at a destination. */
  addResult({ destination, ended, exitCode, snapshot, error }: RunResult): void {
    this.#db
      .prepare(
        `INSERT OR REPLACE INTO result (run, destination, ended, exit_code, snapshot, error)
         SELECT ?, id, ?, ?, ?, ? FROM destination WHERE name = ?`,
      )
      .run(this.id, ended.getTime(), exitCode, snapshot, error, destination)
  }

  end(state: RunState, exitCode: ExitCode, now: Date): void {
    this.#db
      .prepare('UPDATE run SET state = ?, exit_code = ?, ended = ?, heartbeat = ? WHERE id = ?')
      .run(state, exitCode, now.getTime(), now.getTime(), this.id)
  }

  /** Other runs that are, as they say, not done with a destination; oldest first. */
  #othersAt(destination: string): Run[] {
    return selectRuns(
      this.#db,
      `WHERE id <> ? AND state = 'RUNNING' AND id IN (
         SELECT run FROM job JOIN destination d ON d.id = job.destination
         WHERE d.name = ? AND job.state IN ('PENDING', 'RUNNING'))
       ORDER BY id`,
      this.id,
      destination,
    )
  }

  #lastInterrupted(destination: string): Run | undefined {
    const [last] = selectRuns(
      this.#db,
      `WHERE id < ? AND id IN (SELECT run FROM job JOIN destination d ON d.id = job.destination WHERE d.name = ?)
       ORDER BY id DESC LIMIT 1`,
      this.id,
      destination,
    )
    return last?.jobs.some((job) => job.destination === destination && job.state === 'INTERRUPTED')
      ? last
      : undefined
  }
}

function insertRun(db: Database, { program, here, pid, intervalMs, jobs }: RunDraft, now: Date): number {
  const time = now.getTime()
  const { lastInsertRowid: run } = db
    .prepare(
      `INSERT INTO run (program, machine, boot_id, pid, interval_ms, state, started, heartbeat)
       VALUES (?, ?, ?, ?, ?, 'RUNNING', ?, ?)`,
    )
    .run(program, here.name, here.bootId, pid, intervalMs, time, time)
  const addDestination = db.prepare('INSERT OR IGNORE INTO destination (name) VALUES (?)')
  const addJob = db.prepare(
    `INSERT INTO job (run, destination, source, priority, state, updated)
     SELECT ?, id, ?, ?, 'PENDING', ? FROM destination WHERE name = ?`,
  )
  for (const { destination, source, priority } of jobs) {
    addDestination.run(destination)
    addJob.run(run, source, priority, time, destination)
  }
  return Number(run)
}
