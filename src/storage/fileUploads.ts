/*
 * Resumable uploads of the backends that keep files: each has a temporary file of its own, whose name is the token. What
 * it holds is known by its length and compared by reading it back.
 */
import { addLastCause } from '../shared/errors.ts'
import { AccessDeniedError, NoSpaceError, StorageError } from './errors.ts'
import { assertKey } from './keys.ts'
import {
  UploadMismatchError,
  type ResumableOptions,
  type ResumableUpload,
  type ResumableUploads,
} from './resumable.ts'
import type { CallOptions } from './storage.ts'
import { isUploadNameFor, uploadNameFor } from './temporaryNames.ts'

/** What a run stores at its end, in bytes: how far it came, and why no farther. */
const roomToEnd = 512 * 1024

/** An upload's temporary file. */
export interface UploadFile {
  name: string
  key: string
}

/** What a backend does with these files. */
export interface UploadFiles {
  /** Makes an empty file. */
  create(file: UploadFile, options: CallOptions): Promise<void>
  /** Its length in bytes; undefined when it is not there. */
  size(file: UploadFile, options: CallOptions): Promise<number | undefined>
  /** Whether it has these bytes at this place. @throws UploadGoneError */
  holds(file: UploadFile, bytes: Uint8Array, at: number, options: CallOptions): Promise<boolean>
  /** @throws UploadGoneError */
  write(file: UploadFile, bytes: Uint8Array, at: number, options: CallOptions): Promise<void>
  /** Cuts off what is behind so many bytes. @throws AccessDeniedError */
  shorten(file: UploadFile, length: number, options: CallOptions): Promise<void>
  /** Makes it the object under its key, durably and whole, and removes it. @throws ObjectExistsError | UploadGoneError */
  publish(file: UploadFile, options: CallOptions & { size: number }): Promise<void>
  /** One that is gone already is success. */
  remove(file: UploadFile, options: CallOptions): Promise<void>
}

export class FileUploads implements ResumableUploads {
  readonly pieceUnit = 1
  readonly maxPieces = Infinity
  readonly #files: UploadFiles

  constructor(files: UploadFiles) {
    this.#files = files
  }

  async begin(key: string, options: ResumableOptions): Promise<ResumableUpload> {
    assertKey(key)
    const file = { name: uploadNameFor(key), key }
    await this.#files.create(file, options)
    return new FileUpload(this.#files, file, 0, options)
  }

  async resume(key: string, token: string, options: ResumableOptions): Promise<ResumableUpload | undefined> {
    assertKey(key)
    options.signal?.throwIfAborted()
    if (!isUploadNameFor(key, token)) return undefined
    const file = { name: token, key }
    const size = await this.#files.size(file, options)
    // A longer file can't be the beginning of this object.
    if (size === undefined || size > options.size) return undefined
    return new FileUpload(this.#files, file, size, options)
  }
}

class FileUpload implements ResumableUpload {
  readonly token: string
  readonly held: number
  readonly #files: UploadFiles
  readonly #file: UploadFile
  readonly #size: number
  readonly #pieceSize: number
  /** Bytes that this process has given, sent or compared. */
  #given = 0

  constructor(files: UploadFiles, file: UploadFile, length: number, { size, pieceSize }: ResumableOptions) {
    this.token = file.name
    // What was written of a piece that is not whole may have gaps, and is written again.
    this.held = length === size ? size : length - (length % pieceSize)
    this.#files = files
    this.#file = file
    this.#size = size
    this.#pieceSize = pieceSize
  }

  async append(piece: Uint8Array, options: CallOptions): Promise<void> {
    options.signal?.throwIfAborted()
    if (piece.length !== Math.min(this.#pieceSize, this.#size - this.#given)) {
      throw new StorageError(`a piece of ${this.#file.key} has ${piece.length} bytes`, { transient: false })
    }
    const end = this.#given + piece.length
    if (end > this.held) {
      await this.#write(piece, options)
    } else if (!(await this.#files.holds(this.#file, piece, this.#given, options))) {
      throw new UploadMismatchError(this.#file.key)
    }
    this.#given = end
  }

  async #write(piece: Uint8Array, options: CallOptions): Promise<void> {
    try {
      await this.#files.write(this.#file, piece, this.#given, options)
    } catch (error) {
      // A server may forbid it. Then there is no room to say how the run ended, and no more than that is lost.
      if (error instanceof NoSpaceError)
        await this.#makeRoom(options).catch((failure: unknown) => addLastCause(error, failure))
      throw error
    }
  }

  /** Gives back what a piece has filled the disk with and, where that is too little, the piece before it, too. */
  async #makeRoom(options: CallOptions): Promise<void> {
    const length = await this.#files.size(this.#file, options)
    if (length === undefined) return
    const isEnough = length - this.#given >= roomToEnd
    const kept = isEnough ? this.#given : Math.max(0, this.#given - this.#pieceSize)
    await this.#files.shorten(this.#file, kept, options)
  }

  async complete(options: CallOptions): Promise<void> {
    options.signal?.throwIfAborted()
    if (this.#given !== this.#size) {
      const what = `${this.#given} of ${this.#size} bytes of ${this.#file.key} were given`
      throw new StorageError(what, { transient: false })
    }
    await this.#files.publish(this.#file, { ...options, size: this.#size })
  }

  async abandon(options: CallOptions): Promise<void> {
    options.signal?.throwIfAborted()
    try {
      await this.#files.remove(this.#file, options)
    } catch (error) {
      // What may not be removed stays as a leftover.
      if (!(error instanceof AccessDeniedError)) throw error
    }
  }
}

/** Whether a stream gives just these bytes. */
export async function isSame(stream: AsyncIterable<Uint8Array>, bytes: Uint8Array): Promise<boolean> {
  let at = 0
  for await (const chunk of stream) {
    if (Buffer.compare(chunk, bytes.subarray(at, at + chunk.length)) !== 0) return false
    at += chunk.length
  }
  return at === bytes.length
}
