import { atMost } from './atMost.ts'

/** Wakes whoever waits for something to change; each then looks for itself whether it is what was waited for. */
export class Bell {
  #next = Promise.withResolvers<void>()

  ring(): void {
    const { resolve } = this.#next
    this.#next = Promise.withResolvers()
    resolve()
  }

  /** Waits for the next ring, `ms` milliseconds at most. */
  async wait(ms = Infinity): Promise<void> {
    await atMost(ms, this.#next.promise)
  }
}
