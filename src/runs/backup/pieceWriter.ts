import { createHash } from 'node:crypto'
import { chunkSize, sealedChunkSize } from '../../crypto/cobblestone.ts'
import type { ObjectEncryptor } from '../../crypto/envelope.ts'
import { release } from '../../shared/release.ts'
import { UploadGoneError, type ResumableUpload } from '../../storage/resumable.ts'
import type { ObjectDigest } from '../../vault/objects.ts'

/**
 * Gives an object to an upload, in pieces: while one is on its way, the next one is filled, so two are in memory.
 * When the upload is gone, the rest is only hashed: somebody else may have completed it.
 */
export class PieceWriter implements AsyncDisposable {
  /** The error that told so; undefined while the upload is there. */
  gone: UploadGoneError | undefined
  readonly #upload: ResumableUpload
  readonly #signal: AbortSignal
  readonly #hash = createHash('sha256')
  readonly #scratch = Buffer.allocUnsafeSlow(sealedChunkSize)
  /** The piece that is being filled, and how far. */
  #piece: Buffer
  #filled = 0
  /** The other one, which may be on its way. */
  #other: Buffer
  #sending: Promise<void> = Promise.resolve()
  #size = 0

  constructor(upload: ResumableUpload, pieceSize: number, signal: AbortSignal) {
    this.#upload = upload
    this.#signal = signal
    this.#piece = Buffer.allocUnsafeSlow(pieceSize)
    this.#other = Buffer.allocUnsafeSlow(pieceSize)
  }

  /** Encrypts the next part of a content; every part but the final one is a whole number of chunks. */
  async seal(encryptor: ObjectEncryptor, part: Uint8Array, final: boolean): Promise<void> {
    const whole = part.length - (part.length % chunkSize)
    for (let at = 0; at < whole;) {
      const room = this.#piece.subarray(this.#filled)
      const fitting = Math.floor(room.length / sealedChunkSize)
      const chunks = part.subarray(at, Math.min(whole, at + Math.max(1, fitting) * chunkSize))
      if (fitting > 0) await this.#advance(encryptor.seal(chunks, room, false))
      else await this.write(this.#scratch.subarray(0, encryptor.seal(chunks, this.#scratch, false)))
      at += chunks.length
    }
    if (!final) return
    await this.write(this.#scratch.subarray(0, encryptor.seal(part.subarray(whole), this.#scratch, true)))
  }

  /** The object's next bytes, as they are. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const taken = bytes.subarray(at, at + this.#piece.length - this.#filled)
      this.#piece.set(taken, this.#filled)
      at += taken.length
      await this.#advance(taken.length)
    }
  }

  /** Waits until everything has arrived. @returns length and SHA-256 of the object. */
  async end(): Promise<ObjectDigest> {
    if (this.#filled > 0) await this.#send()
    await this.#sending
    return { size: this.#size, sha256: this.#hash.digest() }
  }

  /** Gives the memory back, once no call has a hold on it any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sending.catch(() => undefined)
    release(this.#piece)
    release(this.#other)
  }

  async #advance(bytes: number): Promise<void> {
    this.#filled += bytes
    if (this.#filled === this.#piece.length) await this.#send()
  }

  /** Sends what is filled as soon as the piece before it has arrived. */
  async #send(): Promise<void> {
    const piece = this.#piece.subarray(0, this.#filled)
    this.#hash.update(piece)
    this.#size += piece.length
    await this.#sending
    this.#sending = this.#append(piece)
    // It is reported by whoever waits for it next.
    this.#sending.catch(() => undefined)
    ;[this.#piece, this.#other] = [this.#other, this.#piece]
    this.#filled = 0
  }

  async #append(piece: Uint8Array): Promise<void> {
    if (this.gone) return
    try {
      await this.#upload.append(piece, { signal: this.#signal })
    } catch (error) {
      if (!(error instanceof UploadGoneError)) throw error
      this.gone = error
    }
  }
}
