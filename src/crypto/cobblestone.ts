/*
 * C2SP chunked-encryption (https://c2sp.org/chunked-encryption), instantiation Cobblestone-256: HKDF-Expand with
 * SHA-512, AES-256-GCM, chunks of 16 KiB. A message is salt (24 bytes), commitment (32 bytes), then the chunks, each
 * 16 bytes longer than its plaintext; the last one is always shorter than a full one.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { release } from '../shared/release.ts'

export const chunkSize = 16 * 1024
export const tagSize = 16
export const sealedChunkSize = chunkSize + tagSize
export const saltSize = 24
const commitmentSize = 32
export const prefixSize = saltSize + commitmentSize
const maxChunks = 2 ** 38

/** A message that was altered, cut short, reordered, or encrypted under another key or context. */
export class DecryptionError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'DecryptionError'
  }
}

/** Length of the message that a plaintext of `plaintextSize` bytes becomes. */
export function messageSize(plaintextSize: number): number {
  return prefixSize + plaintextSize + tagSize * (Math.floor(plaintextSize / chunkSize) + 1)
}

/**
 * Length of the plaintext inside a message of `size` bytes.
 * @throws DecryptionError for a length that no message has, which means it was cut.
 */
export function plaintextSizeOf(size: number): number {
  const body = size - prefixSize
  const fullChunks = Math.floor(body / sealedChunkSize)
  const last = body - fullChunks * sealedChunkSize
  if (body < tagSize || last < tagSize) throw new DecryptionError(`a message of ${size} bytes is truncated`)
  return fullChunks * chunkSize + last - tagSize
}

/** Encrypts one message. Each instance has its own salt and may be used for one plaintext only. */
export class MessageEncryptor {
  /** Salt and commitment: the first bytes of the message. */
  readonly prefix: Buffer
  readonly #secrets: MessageSecrets
  #nextChunk = 0
  #finished = false

  /**
   * @param key 32 uniformly random bytes.
   * @param context what the message is bound to; decryption needs the same.
   * @param salt 24 bytes that were never used with this key for another plaintext; random unless given.
   */
  constructor(key: Uint8Array, context: Uint8Array, salt: Uint8Array = randomBytes(saltSize)) {
    this.#secrets = deriveSecrets(key, salt, context)
    this.prefix = Buffer.concat([salt, this.#secrets.commitment])
  }

  /**
   * Seals the next piece of plaintext into `target` and returns how many bytes it wrote. Every piece but the final one
   * is a whole number of chunks. `plaintext` may be the end of `target` itself: chunk by chunk the output stays behind
   * the input, as long as the input begins at least 16 bytes for each of its chunks further on.
   */
  seal(plaintext: Uint8Array, target: Uint8Array, final: boolean): number {
    if (this.#finished) throw new Error('the message is already complete')
    if (!final && plaintext.length % chunkSize !== 0) throw new Error('a piece must be whole chunks')
    const full = Math.floor(plaintext.length / chunkSize)
    const chunks = final ? full + 1 : full
    let written = 0
    for (let i = 0; i < chunks; i++) {
      const chunk = plaintext.subarray(i * chunkSize, (i + 1) * chunkSize)
      written += this.#sealChunk(chunk, target, written)
    }
    this.#finished = final
    return written
  }

  #sealChunk(chunk: Uint8Array, target: Uint8Array, at: number): number {
    const cipher = createCipheriv(
      'aes-256-gcm',
      this.#secrets.key,
      chunkNonce(this.#secrets.nonce, this.#nextChunk++),
    )
    const sealed = cipher.update(chunk)
    cipher.final()
    target.set(sealed, at)
    target.set(cipher.getAuthTag(), at + chunk.length)
    release(sealed)
    return chunk.length + tagSize
  }
}

/** Decrypts the chunks of one message, in any order. */
export class MessageDecryptor {
  readonly #secrets: MessageSecrets

  /**
   * @param prefix the first 56 bytes of the message.
   * @throws DecryptionError when the key or the context is not the message's own; no plaintext was seen by then.
   */
  constructor(key: Uint8Array, context: Uint8Array, prefix: Uint8Array) {
    if (prefix.length !== prefixSize)
      throw new DecryptionError('the message is truncated in its first 56 bytes')
    this.#secrets = deriveSecrets(key, prefix.subarray(0, saltSize), context)
    if (!timingSafeEqual(this.#secrets.commitment, prefix.subarray(saltSize))) {
      throw new DecryptionError('the message was encrypted under another key, or for another place')
    }
  }

  /**
   * The plaintext of sealed chunks that follow one another.
   * @param sealed whole sealed chunks, the last of them short exactly when it is the message's last.
   * @param firstChunk number of the first chunk in the message.
   * @param final whether `sealed` ends the message. Only then is truncation ruled out.
   * @throws DecryptionError when a chunk is not authentic, or the end is not where it should be.
   */
  open(sealed: Uint8Array, firstChunk: number, final: boolean): Buffer {
    const plaintext = Buffer.allocUnsafe(sealed.length)
    return plaintext.subarray(0, this.openInto(plaintext, sealed, firstChunk, final))
  }

  /**
   * As {@link MessageDecryptor.open}, into a buffer that has room for as many bytes as `sealed`.
   * @returns how many bytes the plaintext has.
   */
  openInto(target: Uint8Array, sealed: Uint8Array, firstChunk: number, final: boolean): number {
    const full = Math.floor(sealed.length / sealedChunkSize)
    const rest = sealed.length - full * sealedChunkSize
    if (final ? rest < tagSize : rest !== 0) throw new DecryptionError('the message is truncated')
    const chunks = final ? full + 1 : full
    for (let i = 0; i < chunks; i++) {
      const chunk = sealed.subarray(i * sealedChunkSize, (i + 1) * sealedChunkSize)
      const plaintext = this.#openChunk(chunk, firstChunk + i)
      target.set(plaintext, i * chunkSize)
      release(plaintext)
    }
    return sealed.length - chunks * tagSize
  }

  #openChunk(chunk: Uint8Array, number: number): Buffer {
    const decipher = createDecipheriv(
      'aes-256-gcm',
      this.#secrets.key,
      chunkNonce(this.#secrets.nonce, number),
      {
        authTagLength: tagSize,
      },
    )
    decipher.setAuthTag(chunk.subarray(chunk.length - tagSize))
    const plaintext = decipher.update(chunk.subarray(0, chunk.length - tagSize))
    try {
      decipher.final()
    } catch {
      throw new DecryptionError(`chunk ${number} is not authentic`)
    }
    return plaintext
  }
}

interface MessageSecrets {
  key: Buffer
  nonce: Buffer
  commitment: Buffer
}

const infoPrefix = Buffer.from('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0', 'latin1')

function deriveSecrets(inputKey: Uint8Array, salt: Uint8Array, context: Uint8Array): MessageSecrets {
  if (inputKey.length !== 32) throw new Error('the key must have 32 bytes')
  if (salt.length !== saltSize) throw new Error(`the salt must have ${saltSize} bytes`)
  const info = Buffer.concat([infoPrefix, salt, context])
  const expanded = expand(inputKey, info, 32 + 12 + commitmentSize)
  return {
    key: expanded.subarray(0, 32),
    nonce: expanded.subarray(32, 44),
    commitment: expanded.subarray(44),
  }
}

/** HKDF-Expand of RFC 5869 with SHA-512; `node:crypto` offers it only together with Extract. */
function expand(prk: Uint8Array, info: Uint8Array, length: number): Buffer {
  const blocks: Buffer[] = []
  let previous = Buffer.alloc(0)
  for (let i = 1; blocks.length * 64 < length; i++) {
    previous = createHmac('sha512', prk).update(previous).update(info).update(Uint8Array.of(i)).digest()
    blocks.push(previous)
  }
  return Buffer.concat(blocks).subarray(0, length)
}

/** The base nonce with its last 5 bytes XORed with the chunk number, big-endian. */
function chunkNonce(base: Buffer, chunk: number): Buffer {
  if (chunk >= maxChunks) throw new DecryptionError('a message has at most 2^38 chunks')
  const nonce = Buffer.from(base)
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ (chunk >>> 0)) >>> 0, 8)
  nonce[7] = (nonce[7] ?? 0) ^ Math.floor(chunk / 2 ** 32)
  return nonce
}
