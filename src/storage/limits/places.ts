/** A semaphore whose number of places may change while it is in use. */
export class Places {
  #count: number
  #taken = 0
  readonly #waiting = new Set<() => void>()

  constructor(count: number) {
    this.#count = count
  }

  get taken(): number {
    return this.#taken
  }

  /** From now on there are so many places. Who has one keeps it. */
  resize(count: number): void {
    this.#count = count
    this.#admit()
  }

  /**
   * A place, given back by disposing of it. Who waits gets one in order.
   * @throws the signal's reason when it aborts before there is one.
   */
  async take(signal: AbortSignal | undefined): Promise<Disposable> {
    signal?.throwIfAborted()
    if (this.#taken < this.#count) this.#taken += 1
    else await this.#turn(signal)
    return {
      [Symbol.dispose]: () => {
        this.#taken -= 1
        this.#admit()
      },
    }
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = () => {
      this.#waiting.delete(resolve)
      reject(signal?.reason)
    }
    this.#waiting.add(resolve)
    signal?.addEventListener('abort', leave, { once: true })
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }

  #admit(): void {
    for (const next of this.#waiting) {
      if (this.#taken >= this.#count) return
      this.#waiting.delete(next)
      this.#taken += 1
      next()
    }
  }
}
