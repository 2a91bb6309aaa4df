/** A fixed set of large buffers that jobs borrow: what bounds the memory of a worker, whatever the files' sizes. */
export class Slabs {
  readonly #free: Buffer[] = []
  readonly #waiting: { count: number; resolve: (slabs: Buffer[]) => void }[] = []
  readonly #size: number
  #unmade: number

  /** @param size of each, in bytes. The memory is taken when a slab is first used. */
  constructor(count: number, size: number) {
    this.#unmade = count
    this.#size = size
  }

  /**
   * Borrows so many slabs, all at once: jobs that held some and waited for more could wait for one another. In order.
   * @param count at most as many as there are.
   */
  async take(count: number): Promise<Buffer[]> {
    return await new Promise((resolve) => {
      this.#waiting.push({ count, resolve })
      this.#serve()
    })
  }

  giveBack(slab: Buffer): void {
    this.#free.push(slab)
    this.#serve()
  }

  #serve(): void {
    for (
      let [next] = this.#waiting;
      next && next.count <= this.#free.length + this.#unmade;
      [next] = this.#waiting
    ) {
      this.#waiting.shift()
      next.resolve(Array.from({ length: next.count }, () => this.#free.pop() ?? this.#make()))
    }
  }

  #make(): Buffer {
    this.#unmade -= 1
    return Buffer.allocUnsafeSlow(this.#size)
  }
}
