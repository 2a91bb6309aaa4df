import { isMainThread } from 'node:worker_threads'
import { Bucket, machineClock, type Clock } from './bucket.ts'
import { cellsOf, type Limits } from './limits.ts'
import { rateAt, type Rate } from './rate.ts'
import { SharedPlaces } from './sharedPlaces.ts'

/** Lets bytes pass as fast as limits allow at the time. */
export class Pace {
  readonly #parts: readonly { bucket: Bucket; rate: Rate }[]
  readonly #clock: Clock

  constructor(parts: readonly { bucket: Bucket; rate: Rate }[], clock: Clock) {
    this.#parts = parts
    this.#clock = clock
  }

  /** Bytes that pass together at this time, and let others between: Infinity where nothing is limited. */
  pieceSize(): number {
    const time = this.#clock.time()
    return Math.min(...this.#parts.map(({ rate }) => pieceSizeAt(rateAt(rate, time))))
  }

  /** Waits until so many bytes may pass. Others get their turn between small pieces of them. */
  async take(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    for (const { bucket, rate } of this.#parts) {
      for (let left = bytes; left > 0;) {
        const perSecond = rateAt(rate, this.#clock.time())
        if (perSecond === Infinity) break
        const piece = Math.min(left, pieceSizeAt(perSecond))
        await bucket.take(piece, perSecond, signal)
        left -= piece
      }
    }
  }
}

function pieceSizeAt(perSecond: number): number {
  return Math.max(smallestPiece, Math.floor(perSecond / piecesPerSecond))
}

/** Many enough that sixteen connections that take turns never look stalled to a server. */
const piecesPerSecond = 16
const smallestPiece = 1024

/** Several limits as one: what keeps to this keeps to each of them. */
export class Throttle {
  readonly upload: Pace
  readonly download: Pace
  readonly #requests: readonly { bucket: Bucket; perSecond: number }[]
  readonly #places: readonly SharedPlaces[]

  /**
   * @param counted whether `transfer` counts. The main thread's own objects do not: they are few, one after the other, and
   *   the record of a run whose threads died must not wait for the places that they held.
   */
  constructor(limits: readonly Limits[], { clock = machineClock, counted = !isMainThread } = {}) {
    const parts = limits.map((each) => ({ ...each, cells: cellsOf(each) }))
    const bucketOf = (cell: BigInt64Array<SharedArrayBuffer>) => new Bucket(cell, clock)
    this.upload = new Pace(
      parts.map(({ upload, cells }) => ({ bucket: bucketOf(cells.upload), rate: upload })),
      clock,
    )
    this.download = new Pace(
      parts.map(({ download, cells }) => ({ bucket: bucketOf(cells.download), rate: download })),
      clock,
    )
    this.#requests = parts
      .filter(({ requestsPerSecond }) => requestsPerSecond !== Infinity)
      .map(({ requestsPerSecond, cells }) => ({
        bucket: bucketOf(cells.requests),
        perSecond: requestsPerSecond,
      }))
    this.#places = counted
      ? parts
          .filter(({ concurrency }) => concurrency !== Infinity)
          .map(({ concurrency, cells }) => new SharedPlaces(cells.transfers, concurrency, clock))
      : []
  }

  /** Waits until one more request may be made. */
  async request(signal: AbortSignal | undefined): Promise<void> {
    for (const { bucket, perSecond } of this.#requests) await bucket.take(1, perSecond, signal)
  }

  /** Waits until one more object may be sent or read. @returns what is disposed of when that has ended. */
  async transfer(signal: AbortSignal | undefined): Promise<Disposable> {
    using taken = new DisposableStack()
    for (const places of this.#places) taken.use(await places.take(signal))
    return taken.move()
  }
}
