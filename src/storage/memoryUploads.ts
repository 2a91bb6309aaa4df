import { randomUUID } from 'node:crypto'
import { StorageError } from './errors.ts'
import { assertKey } from './keys.ts'
import {
  UploadGoneError,
  UploadMismatchError,
  type ResumableOptions,
  type ResumableUpload,
  type ResumableUploads,
} from './resumable.ts'
import type { CallOptions, CreateOptions } from './storage.ts'

/** An upload as the storage knows it, whoever is at it. */
interface Unfinished {
  key: string
  /** The bytes so far: whole pieces, except perhaps for the last. */
  bytes: Buffer
}

/** Creates an object as {@link Storage.put} does. */
type Create = (key: string, bytes: Uint8Array, options: CreateOptions) => Promise<void>

/** Resumable uploads in their plainest form. What is unfinished lives as long as this. */
export class MemoryUploads implements ResumableUploads {
  readonly pieceUnit = 1024
  readonly maxPieces = 10_000
  readonly #create: Create
  readonly #unfinished = new Map<string, Unfinished>()

  constructor(create: Create) {
    this.#create = create
  }

  async begin(key: string, options: ResumableOptions): Promise<ResumableUpload> {
    assertKey(key)
    options.signal?.throwIfAborted()
    const token = randomUUID()
    this.#unfinished.set(token, { key, bytes: Buffer.alloc(0) })
    return new MemoryUpload(this.#unfinished, this.#create, token, key, options)
  }

  async resume(key: string, token: string, options: ResumableOptions): Promise<ResumableUpload | undefined> {
    assertKey(key)
    options.signal?.throwIfAborted()
    if (this.#unfinished.get(token)?.key !== key) return undefined
    return new MemoryUpload(this.#unfinished, this.#create, token, key, options)
  }
}

/** One process's hold on an upload. */
class MemoryUpload implements ResumableUpload {
  readonly token: string
  readonly held: number
  readonly #unfinished: Map<string, Unfinished>
  readonly #create: Create
  readonly #key: string
  readonly #options: ResumableOptions
  /** Bytes that this process has given, sent or compared. */
  #given = 0

  constructor(
    unfinished: Map<string, Unfinished>,
    create: Create,
    token: string,
    key: string,
    options: ResumableOptions,
  ) {
    this.#unfinished = unfinished
    this.#create = create
    this.token = token
    this.#key = key
    this.#options = options
    this.held = this.#current().bytes.length
  }

  async append(piece: Uint8Array, { signal }: CallOptions): Promise<void> {
    signal?.throwIfAborted()
    const upload = this.#current()
    const { size, pieceSize } = this.#options
    if (piece.length !== Math.min(pieceSize, size - this.#given))
      throw new StorageError(`a piece of ${this.#key} has ${piece.length} bytes`, { transient: false })
    const end = this.#given + piece.length
    if (upload.bytes.length < end) {
      upload.bytes = Buffer.concat([upload.bytes.subarray(0, this.#given), piece])
    } else if (!upload.bytes.subarray(this.#given, end).equals(piece)) {
      throw new UploadMismatchError(this.#key)
    }
    this.#given = end
  }

  async complete({ signal }: CallOptions): Promise<void> {
    signal?.throwIfAborted()
    const { bytes } = this.#current()
    const { size, kind } = this.#options
    if (this.#given !== size)
      throw new StorageError(`${this.#given} of ${size} bytes of ${this.#key} were given`, {
        transient: false,
      })
    this.#unfinished.delete(this.token)
    await this.#create(this.#key, bytes, { kind, signal })
  }

  async abandon({ signal }: CallOptions): Promise<void> {
    signal?.throwIfAborted()
    this.#unfinished.delete(this.token)
  }

  /** @throws UploadGoneError */
  #current(): Unfinished {
    const upload = this.#unfinished.get(this.token)
    if (upload === undefined) throw new UploadGoneError(this.#key)
    return upload
  }
}
