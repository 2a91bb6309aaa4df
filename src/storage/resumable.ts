/*
 * Uploads that outlive the program: begun by one process, and gone on with by another, on another machine if need be.
 * The bytes come in order and in equal pieces, one at a time, so that at most one piece is ever sent twice.
 */
import type { CallOptions, CreateOptions } from './storage.ts'

export interface ResumableOptions extends CreateOptions {
  /** Exact size of the object in bytes. */
  size: number
  /**
   * Size of every piece but the last, in bytes: a multiple of `pieceUnit`, at least the storage's `partSize`, and the
   * same when it is resumed.
   */
  pieceSize: number
}

export interface ResumableUploads {
  /** Bytes that a piece's size has to be a multiple of. */
  readonly pieceUnit: number
  /** The most pieces that one upload takes. */
  readonly maxPieces: number

  /** Begins an upload. Nothing is there under the key before it was completed. */
  begin(key: string, options: ResumableOptions): Promise<ResumableUpload>

  /**
   * Goes on with an upload.
   * @param token what the upload was known by when it began.
   * @returns undefined when the storage knows it no more: expired, swept, abandoned or completed.
   */
  resume(key: string, token: string, options: ResumableOptions): Promise<ResumableUpload | undefined>
}

export interface ResumableUpload {
  /** What another process needs to go on with it. Whoever has it may write to the upload: it is kept encrypted. */
  readonly token: string
  /** How many bytes, from the first on, the storage holds for sure. */
  readonly held: number

  /**
   * Takes the object's next piece; the first one begins at its first byte, also after `resume`. What the storage holds
   * already is not sent again, but compared, as far as the storage can tell what it holds. Transient failures are
   * tried again with these same bytes, which stay untouched until the promise settles.
   * @throws UploadMismatchError when the storage holds other bytes than these, here or on `complete`: the upload is of
   *   no more use.
   * @throws UploadGoneError when the upload was swept, abandoned or completed by somebody else, here or on `complete`.
   */
  append(piece: Uint8Array, options: CallOptions): Promise<void>

  /**
   * Makes the object appear, whole, under its key, once every byte was given.
   * @throws ObjectExistsError as `put` does; the upload is abandoned then.
   */
  complete(options: CallOptions): Promise<void>

  /**
   * Gives up: what was sent is removed where these credentials may do that, and expires elsewhere. An upload that is
   * gone already is success.
   */
  abandon(options: CallOptions): Promise<void>
}

/** What an interrupted upload left in the storage is not the beginning of what is being sent now. */
export class UploadMismatchError extends Error {
  constructor(key: string) {
    super(`what the storage holds of the interrupted upload of ${key} is not what is to be sent`)
    this.name = 'UploadMismatchError'
  }
}

/** The storage knows an upload no more that was known when it was begun or resumed. */
export class UploadGoneError extends Error {
  constructor(key: string, options?: ErrorOptions) {
    super(`the storage no longer has the upload of ${key}: it was swept, abandoned or completed`, options)
    this.name = 'UploadGoneError'
  }
}
