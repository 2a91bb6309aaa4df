import { StorageError } from '../errors.ts'
import { UploadGoneError, UploadMismatchError } from '../resumable.ts'
import { retrying, type RetryPolicy } from '../retry.ts'
import type { CallOptions } from '../storage.ts'
import { statusOf } from './errors.ts'
import type { DriveFile } from './file.ts'
import { sessionUnit, type DriveSession, type SessionState, type Stretch } from './session.ts'
import { Sums } from './sums.ts'

/**
 * A file that grows in an upload session. The last bytes of what was given wait here, because whatever completes the
 * session makes the file appear.
 */
export class GrowingFile {
  readonly sums = new Sums()
  readonly #session: DriveSession
  readonly #key: string
  readonly #policy: RetryPolicy
  /** Bytes given by this process, sent or not. */
  #given = 0
  /** Bytes that Drive holds. In doubt while a request is under way, and after one that failed. */
  #held: number
  #inDoubt = false
  #tail: Uint8Array = new Uint8Array(0)

  constructor(session: DriveSession, key: string, held: number, policy: RetryPolicy) {
    this.#session = session
    this.#key = key
    this.#held = held
    this.#policy = policy
  }

  get given(): number {
    return this.#given
  }

  get held(): number {
    return this.#held
  }

  /**
   * Sends the next bytes, which stay the caller's.
   * @param mayEnd whether nothing may follow: then the last of them are kept for `finish`. Otherwise their number is a
   *   multiple of `sessionUnit`.
   */
  async append(bytes: Uint8Array, mayEnd: boolean, options: CallOptions): Promise<void> {
    const stretch = { first: this.#given - this.#tail.length, bytes: [this.#tail, bytes] }
    const length = this.#tail.length + bytes.length
    const kept = mayEnd ? lastUnit(length) : 0
    const sent = part(stretch, stretch.first, stretch.first + length - kept)
    await this.#retrying(() => this.#send(sent, options), options)
    this.sums.update(bytes)
    this.#tail = Buffer.concat(part(stretch, stretch.first + length - kept, Infinity).bytes)
    this.#given += bytes.length
  }

  /** Keeps the last bytes without sending any. They stay untouched until `finish` has sent them. */
  keep(bytes: Uint8Array): void {
    this.sums.update(bytes)
    this.#tail = bytes
    this.#given += bytes.length
  }

  /** Sends what was kept. */
  async finish(options: CallOptions): Promise<DriveFile> {
    return await this.#retrying(() => this.#finish(options), options)
  }

  async #send(stretch: Stretch, options: CallOptions): Promise<void> {
    if (this.#inDoubt) this.#note(await this.#session.state(options))
    const end = endOf(stretch)
    while (this.#held < end) {
      if (this.#held < stretch.first) throw new UploadMismatchError(this.#key)
      const before = this.#held
      this.#note(await this.#sending(() => this.#session.send(part(stretch, before, end), options)))
      if (this.#held <= before) {
        throw new StorageError(`Drive kept nothing of ${this.#key} from byte ${before} on`, {
          transient: true,
        })
      }
    }
  }

  async #finish(options: CallOptions): Promise<DriveFile> {
    if (this.#inDoubt) {
      const state = await this.#session.state(options)
      if (state.name === 'complete') return state.file
      this.#note(state)
    }
    const stretch = { first: this.#given - this.#tail.length, bytes: [this.#tail] }
    if (this.#held < stretch.first || this.#held > this.#given) throw new UploadMismatchError(this.#key)
    const rest = part(stretch, this.#held, this.#given)
    const state = await this.#sending(() => this.#session.finish(rest, options))
    if (state.name === 'complete') return state.file
    this.#note(state)
    throw new StorageError(`Drive did not keep the end of ${this.#key}`, { transient: true })
  }

  /** Somebody else who is at this session, too, may have sent more than we know of: what does not fit is in doubt. */
  async #sending(send: () => Promise<SessionState>): Promise<SessionState> {
    this.#inDoubt = true
    try {
      return await send()
    } catch (error) {
      const status = statusOf(error)
      if (status !== 400 && status !== 416) throw error
      throw new StorageError(`Drive refuses a part of ${this.#key}`, { transient: true, cause: error })
    }
  }

  /** @throws UploadGoneError when there is no open upload any more. */
  #note(state: SessionState): void {
    if (state.name !== 'open') throw new UploadGoneError(this.#key)
    this.#held = state.held
    this.#inDoubt = false
  }

  async #retrying<T>(operation: () => Promise<T>, { signal }: CallOptions): Promise<T> {
    return await retrying(operation, { policy: this.#policy, signal })
  }
}

/** How many of so many bytes are kept back, so that those before them are whole units, and at least one is. */
function lastUnit(length: number): number {
  return length === 0 ? 0 : ((length - 1) % sessionUnit) + 1
}

function endOf({ first, bytes }: Stretch): number {
  return bytes.reduce((end, piece) => end + piece.length, first)
}

/** The part of a stretch from one byte of the file until before another. */
function part(stretch: Stretch, from: number, until: number): Stretch {
  let at = stretch.first
  const bytes: Uint8Array[] = []
  for (const piece of stretch.bytes) {
    const [start, end] = [Math.max(0, from - at), Math.min(piece.length, until - at)]
    if (start < end) bytes.push(piece.subarray(start, end))
    at += piece.length
  }
  return { first: Math.max(from, stretch.first), bytes }
}
