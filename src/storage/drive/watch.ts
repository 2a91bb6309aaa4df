import { unlessAborted } from '../../shared/abort.ts'
import { StorageError } from '../errors.ts'
import type { CallOptions } from '../storage.ts'

/**
 * The end of one call: its signal aborts when the caller's does, and when nothing moved for `idleMs`. Google's client
 * knows neither of a stalled connection nor of a caller who leaves while it fetches an access token.
 */
export class Watch implements Disposable {
  readonly #controller = new AbortController()
  readonly #caller: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout
  readonly #leave = () => this.#controller.abort(this.#caller?.reason)
  #isPaused = false

  constructor({ signal }: CallOptions, idleMs: number) {
    this.#caller = signal
    signal?.addEventListener('abort', this.#leave, { once: true })
    this.#timer = setTimeout(() => {
      const message = `Drive was silent for ${idleMs / 1000} s`
      if (this.#isPaused) this.#timer.refresh()
      else this.#controller.abort(new StorageError(message, { transient: true }))
    }, idleMs)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Something moved. */
  moved(): void {
    this.#isPaused = false
    this.#timer.refresh()
  }

  /** Until something moves again, it is not Drive that is waited for. */
  pause(): void {
    this.#isPaused = true
  }

  /** What the promise gives. @throws the reason as soon as the call has ended. */
  async unlessEnded<T>(promise: Promise<T>): Promise<T> {
    return await unlessAborted(promise, this.signal)
  }

  /** The call has ended well: whatever the caller's signal does from now on, it is not told. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#caller?.removeEventListener('abort', this.#leave)
  }
}
