import { sleep } from '../shared/abort.ts'
import { StorageError } from './errors.ts'
import type {
  CallOptions,
  ListedObject,
  ListOptions,
  PutOptions,
  ReadOptions,
  Storage,
  UploadOptions,
} from './storage.ts'

/** How long a transient failure is fought. */
export interface RetryPolicy {
  /** Tries in all, the first one included. */
  tries: number
  /** Upper bound of the first wait in milliseconds; it doubles with each try, and the wait is random below it. */
  firstDelayMs: number
  /** No bound on a wait grows beyond this. */
  maxDelayMs: number
  /** No try begins later than this after the first one began. */
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
  #began = performance.now()

  constructor(policy: RetryPolicy, signal: AbortSignal | undefined) {
    this.#policy = policy
    this.#signal = signal
  }

  /** The work got further: what fails next is a new trouble. */
  startAnew(): void {
    this.#tries = 0
    this.#began = performance.now()
  }

  /**
   * Waits until the next try may begin.
   * @throws the error itself when it is not transient or was the only try, one that tells of all tries when it is
   *   enough, and the signal's reason once it aborts.
   */
  async waitAfter(error: unknown): Promise<void> {
    if (!(error instanceof StorageError) || !error.transient) throw error
    this.#tries += 1
    const { tries, firstDelayMs, maxDelayMs, budgetMs } = this.#policy
    const backoff = Math.random() * Math.min(maxDelayMs, firstDelayMs * 2 ** (this.#tries - 1))
    const wait = Math.max(backoff, error.retryAfterMs ?? 0)
    const elapsed = performance.now() - this.#began
    if (this.#tries >= tries || elapsed + wait > budgetMs) throw this.#gaveUp(error, elapsed)
    await sleep(wait, this.#signal)
  }

  #gaveUp(cause: StorageError, elapsedMs: number): StorageError {
    const tries = this.#tries === 1 ? 'the first try' : `${this.#tries} tries`
    const message = `gave up after ${tries} over ${duration(elapsedMs)}: ${cause.message}`
    const hint = cause.hint === undefined ? {} : { hint: cause.hint }
    return new StorageError(message, { transient: true, cause, ...hint })
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
 * can be repeated.
 */
export function withRetry(inner: Storage, policy: RetryPolicy = defaultRetryPolicy): Storage {
  return new RetryingStorage(inner, policy)
}

class RetryingStorage implements Storage {
  readonly #inner: Storage
  readonly #policy: RetryPolicy

  constructor(inner: Storage, policy: RetryPolicy) {
    this.#inner = inner
    this.#policy = policy
  }

  get capabilities() {
    return this.#inner.capabilities
  }

  get location() {
    return this.#inner.location
  }

  get resumable() {
    return this.#inner.resumable
  }

  get leftovers() {
    return this.#inner.leftovers
  }

  get thawing() {
    return this.#inner.thawing
  }

  get trial() {
    return this.#inner.trial
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    await this.#retrying(() => this.#inner.put(key, bytes, options), options)
  }

  async upload(key: string, source: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<void> {
    await this.#inner.upload(key, source, options)
  }

  async *read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    const attempts = new Attempts(this.#policy, options.signal)
    const start = options.range?.offset ?? 0
    let given = 0
    for (;;) {
      try {
        const rest = given === 0 ? options : await this.#rest(key, options, start + given)
        if (rest === undefined) return
        for await (const chunk of this.#inner.read(key, rest)) {
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

  async stat(key: string, options: CallOptions = {}): Promise<{ size: number }> {
    return this.#retrying(() => this.#inner.stat(key, options), options)
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ListedObject> {
    const attempts = new Attempts(this.#policy, options.signal)
    let { after } = options
    for (;;) {
      try {
        for await (const object of this.#inner.list(prefix, { ...options, after })) {
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

  async close(): Promise<void> {
    await this.#inner.close()
  }

  /** Options for what is left to read from `position` on; undefined when nothing is, and only the end was lost. */
  async #rest(key: string, options: ReadOptions, position: number): Promise<ReadOptions | undefined> {
    const { size } = await this.#inner.stat(key, options)
    const end =
      options.range === undefined ? size : Math.min(size, options.range.offset + options.range.length)
    return position >= end ? undefined : { ...options, range: { offset: position, length: end - position } }
  }

  async #retrying<T>(operation: () => Promise<T>, { signal }: CallOptions): Promise<T> {
    return retrying(operation, { policy: this.#policy, signal })
  }
}
