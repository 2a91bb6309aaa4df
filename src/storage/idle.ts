import { unlessAborted } from '../shared/abort.ts'
import { StorageError } from './errors.ts'
import { ForwardingStorage } from './forward.ts'
import type { CallOptions, ListedObject, ListOptions, ReadOptions, Storage } from './storage.ts'

/** Milliseconds without a byte after which a connection is given up as broken. */
const usualIdleMs = 60_000

/**
 * The same storage, but a read or a listing that gives nothing for `idleMs` fails, as a transient error. Time in
 * which nobody asks for the next chunk does not count. Calls that send are their backend's own affair: nobody else
 * sees whether they get anywhere.
 */
export function withIdleTimeout(inner: Storage, idleMs = usualIdleMs): Storage {
  return new ImpatientStorage(inner, idleMs)
}

class ImpatientStorage extends ForwardingStorage {
  readonly #idleMs: number

  constructor(inner: Storage, idleMs: number) {
    super(inner)
    this.#idleMs = idleMs
  }

  override async *read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    yield* this.#watched(`no byte of ${key}`, options, (call) =>
      this.inner.read(key, { ...options, ...call }),
    )
  }

  override async *list(
    prefix: string,
    options: ListOptions = {},
  ): AsyncGenerator<ListedObject, void, undefined> {
    yield* this.#watched(`nothing of the listing of ${prefix || this.location}`, options, (call) =>
      this.inner.list(prefix, { ...options, ...call }),
    )
  }

  async *#watched<T>(
    nothing: string,
    { signal }: CallOptions,
    open: (call: CallOptions) => AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
    const stalled = new AbortController()
    const stop = AbortSignal.any([stalled.signal, ...(signal === undefined ? [] : [signal])])
    const stream = open({ signal: stop })[Symbol.asyncIterator]()
    const giveUp = () =>
      stalled.abort(new StorageError(`${nothing} came for ${this.#idleMs / 1000} s`, { transient: true }))
    try {
      for (;;) {
        const timer = setTimeout(giveUp, this.#idleMs)
        const next = await unlessAborted(stream.next(), stop).finally(() => clearTimeout(timer))
        if (next.done) return
        yield next.value
      }
    } finally {
      const ended = stream.return?.()
      // A stream that hangs would never answer: the signal has told it, and whether it listens is its own affair.
      if (stop.aborted) ended?.catch(() => undefined)
      else await ended
    }
  }
}
