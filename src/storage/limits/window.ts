/** Bytes per second of a single upload below which the link is taken to be shared by too many. */
const slow = 64 * 1024
/** Smaller uploads say more of the latency than of the throughput. */
const telling = 256 * 1024

/** How an upload ended: with its bytes sent in so many milliseconds, or in trouble that may well come from the crowd. */
export type UploadEnd = { bytes: number; ms: number } | 'congested'

/**
 * How many uploads at once a link takes, found out as TCP does it (AIMD): each round that goes well admits one more, and
 * trouble halves what was under way. Trouble is a transient failure (a server that is busy or asks to slow down, a broken
 * connection), or an upload so slow that a failure would cost much of what it sent.
 * Each thread has a window of its own: like the connections of one link, they find their shares without talking.
 */
export class UploadWindow {
  readonly #most: number
  readonly #now: () => number
  #width: number
  #lastCut = -Infinity

  /** @param most uploads that there may ever be at once: where it begins. @param now milliseconds. */
  constructor(most: number, now: () => number) {
    this.#most = most
    this.#width = most
    this.#now = now
  }

  /** Uploads that may be under way at once now: 1 at least. */
  get width(): number {
    return Math.floor(this.#width)
  }

  /**
   * Learns of an upload's end. Those that began before the window was last cut say nothing of how wide it is now.
   * @param began when it did, in milliseconds.
   * @param among how many were under way when it ended, itself included.
   */
  ended(end: UploadEnd, { began, among }: { began: number; among: number }): void {
    if (began < this.#lastCut) return
    if (end === 'congested' || isSlow(end)) {
      this.#width = Math.max(1, Math.min(this.#width, among) / 2)
      this.#lastCut = this.#now()
    } else {
      this.#width = Math.min(this.#most, this.#width + 1 / this.#width)
    }
  }
}

function isSlow({ bytes, ms }: { bytes: number; ms: number }): boolean {
  return bytes >= telling && (bytes / ms) * 1000 < slow
}
