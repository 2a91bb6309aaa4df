/** What a destination may always take, in milliseconds: it may only be a little behind. */
const grace = 2000
/** And of all the time that passes, this share. */
const share = 0.1

/**
 * How long one destination may keep the others from going on: they lose a tenth of their time to it, and no more. It
 * counts only while another could go on.
 */
export class Patience {
  readonly #now: () => number
  readonly #began: number
  #spent = 0

  /** @param now milliseconds that only go forward. */
  constructor(now: () => number) {
    this.#now = now
    this.#began = now()
  }

  /** Milliseconds for which the destination may still be waited for; none when it is 0 or less. */
  get left(): number {
    return grace + share * (this.#now() - this.#began) - this.#spent
  }

  spend(ms: number): void {
    this.#spent += ms
  }
}
