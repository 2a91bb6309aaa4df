import type { Clock } from './bucket.ts'

/** Milliseconds between two looks for a free place. Waking another thread's promise has no call that keeps it alive. */
const lookEvery = 10

/** A semaphore that all threads of a process share: how many places are taken is one number in shared memory. */
export class SharedPlaces {
  readonly #taken: Int32Array<SharedArrayBuffer>
  readonly #count: number
  readonly #clock: Clock

  constructor(taken: Int32Array<SharedArrayBuffer>, count: number, clock: Clock) {
    this.#taken = taken
    this.#count = count
    this.#clock = clock
  }

  /**
   * A place, given back by disposing of it.
   * @throws the signal's reason when it aborts before there is one.
   */
  async take(signal: AbortSignal | undefined): Promise<Disposable> {
    signal?.throwIfAborted()
    while (!this.#tryTake()) await this.#clock.sleep(lookEvery, signal)
    return { [Symbol.dispose]: () => void Atomics.sub(this.#taken, 0, 1) }
  }

  #tryTake(): boolean {
    for (;;) {
      const taken = Atomics.load(this.#taken, 0)
      if (taken >= this.#count) return false
      if (Atomics.compareExchange(this.#taken, 0, taken, taken + 1) === taken) return true
    }
  }
}
