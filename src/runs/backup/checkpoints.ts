/** How much work a crash may cost when the state directory is lost with it. */
export interface CheckpointInterval {
  ms: number
  /** Of new objects. */
  bytes: number
}

export const usualCheckpointInterval: CheckpointInterval = { ms: 10 * 60 * 1000, bytes: 10 * 1000 ** 3 }

/** Commits checkpoints while files are stored: when due, and one at a time. */
export class Checkpoints {
  readonly #every: CheckpointInterval
  readonly #now: () => Date
  readonly #commit: () => Promise<void>
  #last: number
  #bytes = 0
  #running: Promise<void> | undefined

  constructor(every: CheckpointInterval, now: () => Date, commit: () => Promise<void>) {
    this.#every = every
    this.#now = now
    this.#commit = commit
    this.#last = now().getTime()
  }

  /** Counts bytes stored; begins a checkpoint when one is due. @throws when the last one failed. */
  async count(bytes: number): Promise<void> {
    this.#bytes += bytes
    if (this.#running) return
    const age = this.#now().getTime() - this.#last
    if (this.#bytes === 0 || (age < this.#every.ms && this.#bytes < this.#every.bytes)) return
    this.#last = this.#now().getTime()
    this.#bytes = 0
    this.#running = this.#commit()
    try {
      await this.#running
    } finally {
      this.#running = undefined
    }
  }

  /** Waits for a checkpoint that is under way. */
  async settle(): Promise<void> {
    await this.#running
  }
}
