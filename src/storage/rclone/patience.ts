import { StorageError } from '../errors.ts'

/** Gives rclone up, by a signal, once it let a time pass without a sign of life. */
export class Patience implements Disposable {
  readonly #controller = new AbortController()
  #timer: NodeJS.Timeout

  /** @param ms how long rclone may be silent, in milliseconds. */
  constructor(ms: number) {
    this.#timer = this.#after(ms)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** There was a sign of life. */
  renew(): void {
    this.#timer.refresh()
  }

  /** Whatever rclone does, it has so many milliseconds left. */
  end(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = this.#after(ms)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }

  #after(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      const message = `rclone made no progress for ${Math.round(ms / 1000)} s`
      this.#controller.abort(new StorageError(message, { transient: true }))
    }, ms)
  }
}
