/** A fixed set of large buffers that jobs borrow: what bounds the memory of a worker, whatever the files' sizes. */
export class Slabs {
  readonly #free: Buffer[] = []
  readonly #waiting: ((slab: Buffer) => void)[] = []
  readonly #size: number
  #unmade: number

  /** @param size of each, in bytes. The memory is taken when a slab is first used. */
  constructor(count: number, size: number) {
    this.#unmade = count
    this.#size = size
  }

  /** Borrows a slab for as long as `work` runs. */
  async use<T>(work: (slab: Buffer) => Promise<T>): Promise<T> {
    const slab = await this.#take()
    try {
      return await work(slab)
    } finally {
      const next = this.#waiting.shift()
      if (next) next(slab)
      else this.#free.push(slab)
    }
  }

  async #take(): Promise<Buffer> {
    const free = this.#free.pop()
    if (free) return free
    if (this.#unmade > 0) {
      this.#unmade -= 1
      return Buffer.allocUnsafeSlow(this.#size)
    }
    return await new Promise((resolve) => this.#waiting.push(resolve))
  }
}
