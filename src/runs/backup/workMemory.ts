import { objectSize } from '../../crypto/envelope.ts'
import { pieceSize } from './contentSizes.ts'

/** A file up to this size is read once, into memory; a larger one is read once more for each delivery. */
export const wholeFileLimit = 8 * 1024 * 1024
/** The most that is lent for one delivery, in bytes: such a file and the object it becomes, at the same place. */
export const largestLoan = objectSize(wholeFileLimit)
/** Each delivery under way takes memory beside its loan, for connections. Room for two pieces, should the file have grown. */
const smallestLoan = 3 * pieceSize

/** Bytes of memory that a delivery of a file of `size` bytes borrows. */
export function loanFor(size: number): number {
  return Math.max(smallestLoan, Math.min(objectSize(size), largestLoan))
}

interface Range {
  start: number
  end: number
}

interface Borrower {
  count: number
  size: number
  resolve: (loans: Buffer[]) => void
}

/** A fixed amount of memory that jobs borrow from: what bounds the memory of a worker, whatever the files' sizes. */
export class WorkMemory {
  readonly #whole: Buffer
  /** What is not lent, by its start. Ranges that touch are joined. */
  #free: Range[]
  readonly #waiting: Borrower[] = []

  /** @param size in bytes. The system takes the memory only as far as it is used. */
  constructor(size: number) {
    this.#whole = Buffer.allocUnsafeSlow(size)
    this.#free = [{ start: 0, end: size }]
  }

  /**
   * Borrows so many buffers, all at once: jobs that held some and waited for more could wait for one another. In order.
   * @param size of each, in bytes; all together fit into the whole.
   */
  async take(count: number, size: number): Promise<Buffer[]> {
    return await new Promise((resolve) => {
      this.#waiting.push({ count, size, resolve })
      this.#serve()
    })
  }

  giveBack(loan: Buffer): void {
    const start = loan.byteOffset - this.#whole.byteOffset
    const ranges = [...this.#free, { start, end: start + loan.length }].sort((a, b) => a.start - b.start)
    this.#free = ranges.reduce<Range[]>((joined, range) => {
      const before = joined.at(-1)
      if (before?.end === range.start) before.end = range.end
      else joined.push(range)
      return joined
    }, [])
    this.#serve()
  }

  #serve(): void {
    for (let [next] = this.#waiting; next; [next] = this.#waiting) {
      const loans = this.#lend(next)
      if (!loans) return
      this.#waiting.shift()
      next.resolve(loans)
    }
  }

  /** @returns undefined, and nothing has changed, when there is not enough room for all of them. */
  #lend({ count, size }: Borrower): Buffer[] | undefined {
    const free = this.#free.map((range) => ({ ...range }))
    const loans: Buffer[] = []
    for (const range of free) {
      while (loans.length < count && range.end - range.start >= size) {
        loans.push(this.#whole.subarray(range.start, range.start + size))
        range.start += size
      }
    }
    if (loans.length < count) return undefined
    this.#free = free.filter(({ start, end }) => start < end)
    return loans
  }
}
