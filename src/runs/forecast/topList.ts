/** Keeps the few largest of many. */
export class TopList<T> {
  readonly #sizeOf: (item: T) => number
  readonly #limit: number
  #items: T[] = []

  constructor(limit: number, sizeOf: (item: T) => number) {
    this.#limit = limit
    this.#sizeOf = sizeOf
  }

  add(item: T): void {
    const last = this.#items.at(-1)
    if (this.#items.length === this.#limit && last && this.#sizeOf(item) <= this.#sizeOf(last)) return
    const place = this.#items.findIndex((one) => this.#sizeOf(one) < this.#sizeOf(item))
    this.#items.splice(place < 0 ? this.#items.length : place, 0, item)
    this.#items.length = Math.min(this.#items.length, this.#limit)
  }

  /** The largest first. */
  get items(): readonly T[] {
    return this.#items
  }
}
