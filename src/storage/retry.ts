import { sleep } from '../shared/abort.ts'
import { aroundThawing } from './aroundThawing.ts'
import { GaveUpError, StorageError } from './errors.ts'
import { ForwardingStorage } from './forward.ts'
import type { CallOptions, ListedObject, ListOptions, PutOptions, ReadOptions, Storage } from './storage.ts'
import type { Thawing } from './thawing.ts'

/** How long a transient failure is fought. */
export interface RetryPolicy {
  /** Tries in all, the first one included. */
  tries: number
  /** Upper bound of the first wait in milliseconds; it doubles with each try, and the wait is random below it. */
  firstDelayMs: number
  /** No bound on a wait grows beyond this. */
  maxDelayMs: number
  /** No try begins later than this after the first one failed. How long a try takes by itself is the link's affair. */
  budgetMs: number
}

export const defaultRetryPolicy: RetryPolicy = {
  tries: 8,
  firstDelayMs: 1000,
  maxDelayMs: 60_000,
  budgetMs: 10 * 60_000,
}

/** Counts the tries of one piece of work, and waits between them. */
class Attempts {
  readonly #policy: RetryPolicy
  readonly #signal: AbortSignal | undefined
  #tries = 0
  #firstFailure = 0

  constructor(policy: RetryPolicy, signal: AbortSignal | undefined) {
    this.#policy = policy
    this.#signal = signal
  }

  /** The work got further: what fails next is a new trouble. */
  startAnew(): void {
    this.#tries = 0
  }

  /**
   * Waits until the next try may begin: a random time, so that those who failed together don't come back together, and
   * on top of what the server asks for.
   * @throws the error itself when it is not transient, or was fought already, one that tells of all tries when it is
   *   enough, and the signal's reason once it aborts.
   */
  async waitAfter(error: unknown): Promise<void> {
    if (!(error instanceof StorageError) || !error.transient || error instanceof GaveUpError) throw error
    const now = performance.now()
    if (this.#tries === 0) this.#firstFailure = now
    this.#tries += 1
    const { tries, firstDelayMs, maxDelayMs, budgetMs } = this.#policy
    const backoff = Math.random() * Math.min(maxDelayMs, firstDelayMs * 2 ** (this.#tries - 1))
    const asked = error.retryAfterMs ?? 0
    const elapsed = now - this.#firstFailure
    if (this.#tries >= tries) throw this.#gaveUp(error, elapsed)
    if (elapsed + asked > budgetMs) {
      throw this.#gaveUp(error, elapsed, `, because the server asks for a wait of ${duration(asked)}`)
    }
    if (elapsed + asked + backoff > budgetMs) throw this.#gaveUp(error, elapsed)
    await sleep(asked + backoff, this.#signal)
  }

  #gaveUp(cause: StorageError, elapsedMs: number, why = ''): GaveUpError {
    const tries = this.#tries === 1 ? 'the first try' : `${this.#tries} tries over ${duration(elapsedMs)}`
    const message = `gave up after ${tries}${why}: ${cause.message}`
    const hint = cause.hint === undefined ? {} : { hint: cause.hint }
    return new GaveUpError(message, { cause, ...hint })
  }
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}

/** Repeats an operation while it fails with transient StorageErrors, as the policy allows. */
export async function retrying<T>(
  operation: () => Promise<T>,
  { policy, signal }: { policy: RetryPolicy; signal: AbortSignal | undefined },
): Promise<T> {
  const attempts = new Attempts(policy, signal)
  for (;;) {
    try {
      return await operation()
    } catch (error) {
      await attempts.waitAfter(error)
    }
  }
}

/**
 * The same storage, but transient failures are tried again: a `put` with the same bytes, a `read` or `list` from
 * where it broke off. An `upload` passes through, because its source can be read only once: its backend repeats what
 * can be repeated, and whoever has the source may begin anew.
 */
export function withRetry(inner: Storage, policy: RetryPolicy = defaultRetryPolicy): Storage {
  return new RetryingStorage(inner, policy)
}

class RetryingStorage extends ForwardingStorage {
  readonly #policy: RetryPolicy
  readonly #thawing: Thawing | undefined

  constructor(inner: Storage, policy: RetryPolicy) {
    super(inner)
    this.#policy = policy
    this.#thawing =
      inner.thawing &&
      aroundThawing(inner.thawing, async (call, options) => await this.#retrying(call, options))
  }

  override get thawing() {
    return this.#thawing
  }

  override async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    await this.#retrying(() => this.inner.put(key, bytes, options), options)
  }

  override async *read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const attempts = new Attempts(this.#policy, options.signal)
    const start = options.range?.offset ?? 0
    let given = 0
    for (;;) {
      try {
        const rest = given === 0 ? options : await this.#rest(key, options, start + given)
        if (rest === undefined) return
        for await (const chunk of this.inner.read(key, rest)) {
          attempts.startAnew()
          given += chunk.length
          yield chunk
        }
        return
      } catch (error) {
        await attempts.waitAfter(error)
      }
    }
  }

  override async stat(key: string, options: CallOptions = {}): Promise<{ size: number }> {
    return this.#retrying(() => this.inner.stat(key, options), options)
  }

  override async *list(
    prefix: string,
    options: ListOptions = {},
  ): AsyncGenerator<ListedObject, void, undefined> {
    const attempts = new Attempts(this.#policy, options.signal)
    let { after } = options
    for (;;) {
      try {
        for await (const object of this.inner.list(prefix, { ...options, after })) {
          attempts.startAnew()
          after = object.key
          yield object
        }
        return
      } catch (error) {
        await attempts.waitAfter(error)
      }
    }
  }

  /** Options for what is left to read from `position` on; undefined when nothing is, and only the end was lost. */
  async #rest(key: string, options: ReadOptions, position: number): Promise<ReadOptions | undefined> {
    const { size } = await this.inner.stat(key, options)
    const end =
      options.range === undefined ? size : Math.min(size, options.range.offset + options.range.length)
    return position >= end ? undefined : { ...options, range: { offset: position, length: end - position } }
  }

  async #retrying<T>(operation: () => Promise<T>, { signal }: CallOptions): Promise<T> {
    return retrying(operation, { policy: this.#policy, signal })
  }
}
