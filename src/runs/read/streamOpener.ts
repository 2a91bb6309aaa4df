import { DecryptionError, sealedChunkSize, type MessageDecryptor } from '../../crypto/cobblestone.ts'
import { leadSize, openObject, type KeyLookup } from '../../crypto/envelope.ts'

const chunksAtOnce = 64
/** One for the whole thread: a piece is used up before the next one is made. Without it, memory would wait for the collector. */
const plaintext = Buffer.allocUnsafeSlow(chunksAtOnce * sealedChunkSize)

/**
 * Decrypts an object that arrives in pieces of any size. Whether it is truncated is known at its end only.
 */
export class StreamOpener {
  readonly #keys: KeyLookup
  readonly #context: string
  /** What has come of the object's lead, and later of the chunk that is not whole yet. */
  readonly #partial = Buffer.allocUnsafeSlow(sealedChunkSize)
  #partialSize = 0
  #decryptor: MessageDecryptor | undefined
  #nextChunk = 0

  constructor(keys: KeyLookup, context: string) {
    this.#keys = keys
    this.#context = context
  }

  /**
   * Takes the next bytes of the object.
   * @returns plaintext, each piece valid until the next one is asked for.
   * @throws DecryptionError
   */
  *push(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
    let rest = bytes
    if (!this.#decryptor) {
      rest = this.#fill(rest, leadSize)
      if (this.#partialSize < leadSize) return
      this.#decryptor = openObject(this.#keys, this.#context, this.#partial.subarray(0, leadSize))
      this.#partialSize = 0
    }
    if (this.#partialSize > 0) {
      rest = this.#fill(rest, sealedChunkSize)
      if (this.#partialSize < sealedChunkSize) return
      yield this.#open(this.#decryptor, this.#partial)
      this.#partialSize = 0
    }
    while (rest.length >= sealedChunkSize) {
      const size = Math.min(chunksAtOnce, Math.floor(rest.length / sealedChunkSize)) * sealedChunkSize
      yield this.#open(this.#decryptor, rest.subarray(0, size))
      rest = rest.subarray(size)
    }
    this.#fill(rest, sealedChunkSize)
  }

  /** The plaintext of the last chunk, which may be empty. @throws DecryptionError when bytes are missing. */
  end(): Uint8Array {
    if (!this.#decryptor) throw new DecryptionError('the object is truncated in its first 80 bytes')
    const last = this.#partial.subarray(0, this.#partialSize)
    return plaintext.subarray(0, this.#decryptor.openInto(plaintext, last, this.#nextChunk, true))
  }

  #open(decryptor: MessageDecryptor, sealed: Uint8Array): Uint8Array {
    const size = decryptor.openInto(plaintext, sealed, this.#nextChunk, false)
    this.#nextChunk += sealed.length / sealedChunkSize
    return plaintext.subarray(0, size)
  }

  /** Moves bytes to the partial buffer until it holds `size`. @returns the others. */
  #fill(bytes: Uint8Array, size: number): Uint8Array {
    const taken = Math.min(size - this.#partialSize, bytes.length)
    this.#partial.set(bytes.subarray(0, taken), this.#partialSize)
    this.#partialSize += taken
    return bytes.subarray(taken)
  }
}
