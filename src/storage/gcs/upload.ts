import { addLastCause } from '../../shared/errors.ts'
import { AccessDeniedError, ObjectExistsError, ObjectMissingError, StorageError } from '../errors.ts'
import { UploadGoneError, UploadMismatchError, type ResumableUpload } from '../resumable.ts'
import { retrying, type RetryPolicy } from '../retry.ts'
import type { CallOptions } from '../storage.ts'
import type { GcsBucket } from './bucket.ts'
import { Crc32c } from './crc32c.ts'
import { storedOtherBytes } from './create.ts'
import { GcsRefusal } from './errors.ts'
import { GcsSession, sessionUnit, type SessionState } from './session.ts'

/** How long the end of a failed upload may take, in milliseconds. */
const abandonMs = 10_000

interface Begun {
  key: string
  token: string
  uri: URL
  size: number | undefined
  held: number
}

/** One process's hold on a session. */
export class GcsUpload implements ResumableUpload {
  readonly token: string
  readonly #bucket: GcsBucket
  readonly #policy: RetryPolicy
  readonly #session: GcsSession
  readonly #key: string
  readonly #size: number | undefined
  readonly #wasResumed: boolean
  /** Bytes of the object that were given to this process, sent by it or not. */
  #given = 0
  readonly #crc = new Crc32c()
  /** What the server holds. In doubt while a request is under way, and after one that failed. */
  #held: number
  #inDoubt = false
  /** The last bytes given, which fill no unit of the session's: they go out with the end. */
  #tail = new Uint8Array(0)

  constructor(bucket: GcsBucket, policy: RetryPolicy, { key, token, uri, size, held }: Begun) {
    this.token = token
    this.#bucket = bucket
    this.#policy = policy
    this.#session = new GcsSession(bucket, key, uri)
    this.#key = key
    this.#size = size
    this.#held = held
    this.#wasResumed = held > 0
  }

  get held(): number {
    return this.#held
  }

  async append(piece: Uint8Array, { signal }: CallOptions): Promise<void> {
    signal?.throwIfAborted()
    if (this.#tail.length > 0) throw new Error(`a piece of ${this.#key} came after its last one`)
    const end = this.#given + piece.length
    const whole = end - (end % sessionUnit)
    await this.#retrying(() => this.#send(piece, whole, { signal }), { signal })
    this.#crc.update(piece)
    this.#tail = new Uint8Array(piece.subarray(whole - this.#given))
    this.#given = end
  }

  async complete({ signal }: CallOptions): Promise<void> {
    signal?.throwIfAborted()
    if (this.#size !== undefined && this.#given !== this.#size) {
      const what = `${this.#key} was to be completed with ${this.#given} of ${this.#size} bytes`
      throw new StorageError(what, { transient: false })
    }
    let tried = false
    const finish = async () => {
      const again = tried
      tried = true
      await this.#finish(again, { signal })
    }
    try {
      await this.#retrying(finish, { signal })
    } catch (error) {
      if (error instanceof ObjectExistsError) await this.abandonAfter(error)
      throw error
    }
  }

  async abandon({ signal }: CallOptions): Promise<void> {
    await this.#session.cancel({ signal })
  }

  /** Gives up because of `error`. That this failed is told as the last cause of it, and never instead of it. */
  async abandonAfter(error: unknown): Promise<void> {
    try {
      await this.abandon({ signal: AbortSignal.timeout(abandonMs) })
    } catch (abandonError) {
      addLastCause(error, abandonError)
    }
  }

  /** Sends what the server lacks of a piece, up to byte `end` of the object. */
  async #send(piece: Uint8Array, end: number, options: CallOptions): Promise<void> {
    if (this.#inDoubt) this.#note(await this.#session.state(options))
    while (this.#held < end) {
      const first = this.#held
      if (first < this.#given) throw new UploadMismatchError(this.#key)
      this.#inDoubt = true
      const bytes = piece.subarray(first - this.#given, end - this.#given)
      this.#note(await this.#session.send(bytes, first, options))
      if (this.#held === first) {
        throw new StorageError(`the server kept nothing of what came from byte ${first} of ${this.#key} on`, {
          transient: true,
        })
      }
    }
  }

  /** Sends the end. @param again whether it was sent before, and what came of that is not known. */
  async #finish(again: boolean, options: CallOptions): Promise<void> {
    if (again || this.#inDoubt) {
      const state = await this.#session.state(options)
      if (again && state.name === 'complete') return this.#check(state)
      if (again && state.name === 'gone') throw await this.#whatHappened(options)
      this.#note(state)
    }
    const first = this.#held
    const tailAt = this.#given - this.#tail.length
    if (first < tailAt || first > this.#given) throw new UploadMismatchError(this.#key)
    this.#inDoubt = true
    const state = await this.#sendEnd(this.#tail.subarray(first - tailAt), first, options)
    if (state.name === 'complete') return this.#check(state)
    this.#note(state)
    throw new StorageError(`the server did not keep the end of ${this.#key}`, { transient: true })
  }

  async #sendEnd(bytes: Uint8Array, first: number, options: CallOptions): Promise<SessionState> {
    try {
      return await this.#session.finish(bytes, first, this.#crc.base64, options)
    } catch (error) {
      if (!isAltered(error)) throw error
      if (this.#wasResumed) throw new UploadMismatchError(this.#key)
      const message = `${this.#key} did not arrive as it was sent`
      throw new StorageError(message, { transient: false, cause: error })
    }
  }

  /** @throws UploadGoneError when there is no open upload any more. */
  #note(state: SessionState): void {
    if (state.name !== 'open') throw new UploadGoneError(this.#key)
    this.#held = state.held
    this.#inDoubt = false
  }

  #check({ crc32c }: { crc32c: string | undefined }): void {
    if (crc32c !== this.#crc.base64) throw storedOtherBytes(this.#key)
  }

  /** The error for a session that was gone after its end was sent. It may have been completed, and its answer lost. */
  async #whatHappened({ signal }: CallOptions): Promise<unknown> {
    const request = { method: 'GET', url: this.#bucket.objectUrl(this.#key, { fields: 'name' }) } as const
    try {
      await this.#bucket.json({ key: this.#key, signal }, request)
      return new ObjectExistsError(this.#key)
    } catch (error) {
      const isUnknown = error instanceof ObjectMissingError || error instanceof AccessDeniedError
      return isUnknown ? new UploadGoneError(this.#key, { cause: error }) : error
    }
  }

  async #retrying(operation: () => Promise<void>, { signal }: CallOptions): Promise<void> {
    await retrying(operation, { policy: this.#policy, signal })
  }
}

/** Whether the server refused the end of an object because of the whole's checksum. */
function isAltered(error: unknown): boolean {
  return error instanceof StorageError && error.cause instanceof GcsRefusal && error.cause.isAltered
}
