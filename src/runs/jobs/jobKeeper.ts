import { errorMessage, UserError, type ExitCode } from '../../shared/errors.ts'
import type { OpenRun } from '../../state/openRun.ts'
import type { Run, RunResult, RunState } from '../../state/run.ts'
import type { DestinationJobs } from './destinationJobs.ts'

/**
 * Writes down how the jobs of a run stand: every so often, which is the run's heartbeat, and when it is told to. A state
 * database that fails costs others the sight of the run, and never the run.
 */
export class JobKeeper implements Disposable {
  readonly #run: OpenRun
  readonly #jobs: readonly DestinationJobs[]
  readonly #now: () => Date
  readonly #onTrouble: (message: string) => void
  readonly #timer: NodeJS.Timeout
  #troubled = false

  /** @param onTrouble is called once, when something could not be written down. */
  constructor(
    run: OpenRun,
    jobs: readonly DestinationJobs[],
    options: {
      intervalMs: number
      now: () => Date
      onBeat: () => void
      onTrouble: (message: string) => void
    },
  ) {
    this.#run = run
    this.#jobs = jobs
    this.#now = options.now
    this.#onTrouble = options.onTrouble
    this.#timer = setInterval(() => {
      this.write()
      options.onBeat()
    }, options.intervalMs)
    this.#timer.unref()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  /** As {@link OpenRun.take}. @throws UserError exit 11 */
  take(destination: string, force: boolean): Run | undefined {
    return this.#keep((run) => run.take(destination, { force, now: this.#now() }))
  }

  /** Who seems to have a destination whose lock is held. */
  holderOf(destination: string): Run | undefined {
    return this.#keep((run) => run.holderOf(destination))
  }

  write(): void {
    const updates = this.#jobs.flatMap((jobs) => jobs.updates)
    this.#keep((run) => run.update(updates, this.#now()))
  }

  addResult(result: Omit<RunResult, 'ended'>): void {
    this.#keep((run) => run.addResult({ ...result, ended: this.#now() }))
  }

  /** Another run has the destination: this one never was there. */
  leave(destination: string): void {
    this.#keep((run) => run.leave(destination))
  }

  end(state: RunState, exitCode: ExitCode): void {
    this.write()
    this.#keep((run) => run.end(state, exitCode, this.#now()))
  }

  #keep<T>(work: (run: OpenRun) => T): T | undefined {
    try {
      return work(this.#run)
    } catch (error) {
      if (error instanceof UserError) throw error
      if (!this.#troubled) this.#onTrouble(`how this run goes can't be written down: ${errorMessage(error)}`)
      this.#troubled = true
      return undefined
    }
  }
}
