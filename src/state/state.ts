import type { Database } from 'better-sqlite3'
import { openExisting, openOrMake, type OpenDatabase } from './database.ts'
import { liveness, type Machine } from './liveness.ts'
import { OpenRun, type RunDraft } from './openRun.ts'
import { selectRuns } from './rows.ts'
import type { Run } from './run.ts'

/** Enough for a year of daily runs. */
const runsKept = 400

/**
 * Opens this machine's memory of its runs, for a run.
 * @param folder the configured state folder; made where it is not there.
 * @throws UserError when it can't be there.
 */
export function openState(folder: string, now: Date): State {
  return new State(openOrMake(folder, now))
}

/**
 * Opens the same to look at, also while a run is under way.
 * @returns undefined where no run has begun yet.
 * @throws UserError when it can't be used.
 */
export function readState(folder: string): State | undefined {
  const db = openExisting(folder)
  return db && new State({ db, setAside: undefined })
}

/** What this machine remembers of its runs. No backup depends on it: lost, it is made anew. */
export class State implements Disposable {
  /** Set when the file that was there could not be used. */
  readonly setAside: OpenDatabase['setAside']
  readonly #db: Database

  constructor({ db, setAside }: OpenDatabase) {
    this.#db = db
    this.setAside = setAside
  }

  /** Writes down that a run begins. Runs that say that they run, and are stale, are INTERRUPTED from now on. */
  beginRun(draft: RunDraft, now: Date): OpenRun {
    return OpenRun.begin(this.#db, draft, now, runsKept)
  }

  /** The runs that are under way, newest first. */
  currentRuns(here: Machine, now: Date): Run[] {
    const running = selectRuns(this.#db, "WHERE state = 'RUNNING' ORDER BY id DESC")
    return running.filter((run) => liveness(run, here, now) === 'live')
  }

  /** The runs that began last, newest first, those that are under way among them; without a count, all. */
  lastRuns(count?: number): Run[] {
    return selectRuns(this.#db, 'ORDER BY id DESC LIMIT ?', count ?? -1)
  }

  /** Forgets all runs. */
  clear(): void {
    this.#db.transaction(() => this.#db.exec('DELETE FROM run; DELETE FROM destination')).immediate()
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }
}
