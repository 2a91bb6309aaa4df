import type { Clock } from '../../../src/storage/limits/bucket.ts'

/** A clock that only waiting moves on, at once: who waits for less comes back first. */
export class TestClock implements Clock {
  #ms: number
  readonly #sleepers: { wakeAt: number; wake: () => void }[] = []
  #turning = false

  constructor(start = '2026-11-21T00:00:00') {
    this.#ms = Date.parse(start)
  }

  get ms(): number {
    return this.#ms
  }

  now(): bigint {
    return BigInt(Math.round(this.#ms * 1e6))
  }

  time(): Date {
    return new Date(this.#ms)
  }

  advance(ms: number): void {
    this.#ms += ms
  }

  async sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    await new Promise<void>((wake, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      this.#sleepers.push({ wakeAt: this.#ms + ms, wake })
      if (!this.#turning) this.#turn()
    })
  }

  /** Wakes the next sleeper when nobody has anything left to do. */
  #turn(): void {
    this.#turning = true
    setImmediate(() => {
      this.#turning = false
      this.#sleepers.sort((a, b) => a.wakeAt - b.wakeAt)
      const next = this.#sleepers.shift()
      if (!next) return
      this.#ms = Math.max(this.#ms, next.wakeAt)
      next.wake()
      if (this.#sleepers.length > 0) this.#turn()
    })
  }
}
