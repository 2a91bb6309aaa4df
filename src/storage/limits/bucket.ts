import { sleep } from '../../shared/abort.ts'

/** Where time comes from: tests have one of their own. */
export interface Clock {
  /** Nanoseconds since any one moment, the same in all threads of the process. */
  now(): bigint
  /** Waits. @throws the signal's reason as soon as it aborts. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>
  /** What the clock on the wall says. */
  time(): Date
}

export const machineClock: Clock = { now: () => process.hrtime.bigint(), sleep, time: () => new Date() }

/** What was not used lately may be made up for: so much of it, in nanoseconds. Timers that fire late cost nothing then. */
const burst = 250_000_000n
/** Milliseconds below which waiting is no use: timers are no finer. */
const shortestWait = 2

/**
 * A token bucket that all threads of a process may share, because all it holds is one number in shared memory: the
 * moment when everything that was taken so far will have been earned. Whoever takes moves it on by what that costs,
 * and waits for where it stood before.
 */
export class Bucket {
  readonly #earned: BigInt64Array<SharedArrayBuffer>
  readonly #clock: Clock

  constructor(earned: BigInt64Array<SharedArrayBuffer>, clock: Clock) {
    this.#earned = earned
    this.#clock = clock
  }

  /**
   * Takes so many tokens of those that come in at this rate, once all that was taken before has been earned.
   * @throws the signal's reason once it aborts; what was taken then is lost.
   */
  async take(tokens: number, perSecond: number, signal: AbortSignal | undefined): Promise<void> {
    const start = this.#reserve(BigInt(Math.ceil((tokens / perSecond) * 1e9)))
    const wait = Number(start - this.#clock.now()) / 1e6
    if (wait >= shortestWait) await this.#clock.sleep(wait, signal)
    else signal?.throwIfAborted()
  }

  #reserve(cost: bigint): bigint {
    for (;;) {
      const before = Atomics.load(this.#earned, 0)
      const earliest = this.#clock.now() - burst
      const start = before > earliest ? before : earliest
      if (Atomics.compareExchange(this.#earned, 0, before, start + cost) === before) return start
    }
  }
}
