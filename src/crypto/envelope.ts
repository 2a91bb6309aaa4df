/*
 * An encrypted object: a header of 24 bytes (magic, version, key id), then one Cobblestone-256 message whose context
 * is the object's own place, so that an object moved to another name or another vault does not decrypt.
 */
import {
  chunkSize,
  DecryptionError,
  MessageDecryptor,
  MessageEncryptor,
  messageSize,
  plaintextSizeOf,
  prefixSize,
  sealedChunkSize,
} from './cobblestone.ts'

export const keyIdSize = 16
const magic = Buffer.from('SFLIGHT\x01', 'latin1')
export const headerSize = magic.length + keyIdSize
/** Bytes before the first sealed chunk. */
export const leadSize = headerSize + prefixSize

/** A 32-byte key and the 16-byte id by which an object names it. */
export interface ObjectKey {
  id: Uint8Array
  key: Uint8Array
}

/** Finds the key for a key id. It throws when there is none, saying what was looked for. */
export type KeyLookup = (id: Buffer) => Uint8Array

/** Finds this one key, for an object that can be under no other. The id is no secret, but a wrong one means damage. */
export function onlyKey(only: ObjectKey): KeyLookup {
  return (id) => {
    if (id.equals(only.id)) return only.key
    throw new DecryptionError(`the object names the key ${id.toString('hex')}, which is none for this place`)
  }
}

/** Length of the object that holds `plaintextSize` bytes. */
export function objectSize(plaintextSize: number): number {
  return headerSize + messageSize(plaintextSize)
}

/**
 * Length of the plaintext in an object of `size` bytes.
 * @throws DecryptionError for a length that no object has.
 */
export function objectPlaintextSize(size: number): number {
  return plaintextSizeOf(size - headerSize)
}

/** Encrypts one object piece by piece; see {@link MessageEncryptor} for the rule on pieces and salts. */
export class ObjectEncryptor {
  /** Header, salt and commitment: the object's first 80 bytes. */
  readonly lead: Buffer
  readonly #message: MessageEncryptor

  constructor(key: ObjectKey, context: string, salt?: Uint8Array) {
    if (key.id.length !== keyIdSize) throw new Error(`a key id must have ${keyIdSize} bytes`)
    this.#message = new MessageEncryptor(key.key, Buffer.from(context), salt)
    this.lead = Buffer.concat([magic, key.id, this.#message.prefix])
  }

  seal(plaintext: Uint8Array, target: Uint8Array, final: boolean): number {
    return this.#message.seal(plaintext, target, final)
  }
}

/** The whole object for a plaintext in memory. */
export function encryptObject(key: ObjectKey, context: string, plaintext: Uint8Array): Buffer {
  const encryptor = new ObjectEncryptor(key, context)
  const object = Buffer.allocUnsafe(objectSize(plaintext.length))
  object.set(encryptor.lead)
  encryptor.seal(plaintext, object.subarray(leadSize), true)
  return object
}

/**
 * The object for a stream of plaintext, in pieces of about `pieceSize` bytes. Each piece is a buffer of its own that
 * the consumer may keep.
 */
export async function* encryptStream(
  key: ObjectKey,
  context: string,
  source: AsyncIterable<Uint8Array>,
  pieceSize = 64 * chunkSize,
): AsyncGenerator<Buffer, void, undefined> {
  const encryptor = new ObjectEncryptor(key, context)
  yield encryptor.lead
  const piece = Math.max(1, Math.floor(pieceSize / chunkSize)) * chunkSize
  let pending = Buffer.allocUnsafe(piece)
  let filled = 0
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length;) {
      const taken = Math.min(piece - filled, bytes.length - at)
      pending.set(bytes.subarray(at, at + taken), filled)
      filled += taken
      at += taken
      if (filled === piece) {
        yield sealPiece(encryptor, pending, false)
        pending = Buffer.allocUnsafe(piece)
        filled = 0
      }
    }
  }
  yield sealPiece(encryptor, pending.subarray(0, filled), true)
}

/** Seals a piece into a buffer of its own; every piece but the final one is whole chunks. */
export function sealPiece(encryptor: ObjectEncryptor, plaintext: Uint8Array, final: boolean): Buffer {
  const chunks = Math.floor(plaintext.length / chunkSize) + (final ? 1 : 0)
  const sealed = Buffer.allocUnsafe(plaintext.length + chunks * (sealedChunkSize - chunkSize))
  encryptor.seal(plaintext, sealed, final)
  return sealed
}

/** The key id that an object's header names. @throws DecryptionError for an unknown magic or version. */
export function keyIdOf(object: Uint8Array): Buffer {
  const header = Buffer.from(object.buffer, object.byteOffset, object.byteLength)
  if (header.length < headerSize) throw new DecryptionError('the object is shorter than its header')
  if (!header.subarray(0, 7).equals(magic.subarray(0, 7)))
    throw new DecryptionError('this is not a Safelight object')
  if (header[7] !== magic[7]) {
    throw new DecryptionError(
      `the object has format version ${header[7]}; this program knows version ${magic[7]}`,
    )
  }
  return header.subarray(magic.length, headerSize)
}

/** Opens an object from its first 80 bytes. */
export function openObject(keys: KeyLookup, context: string, lead: Uint8Array): MessageDecryptor {
  return new MessageDecryptor(keys(keyIdOf(lead)), Buffer.from(context), lead.subarray(headerSize, leadSize))
}

/**
 * The plaintext of an object in memory.
 * @throws DecryptionError unless every byte is authentic and none is missing.
 */
export function decryptObject(keys: KeyLookup, context: string, object: Uint8Array): Buffer {
  return openObject(keys, context, object).open(object.subarray(leadSize), 0, true)
}

/**
 * The plaintext of an object that arrives as a stream, in pieces. The truth about truncation is known at the end only:
 * a consumer commits what it made of the pieces after the generator has returned.
 * @throws DecryptionError unless every byte is authentic and none is missing.
 */
export async function* decryptStream(
  keys: KeyLookup,
  context: string,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer, void, undefined> {
  let pending: Buffer = Buffer.alloc(0)
  let decryptor: MessageDecryptor | undefined
  let chunk = 0
  for await (const bytes of source) {
    pending =
      pending.length === 0
        ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        : Buffer.concat([pending, bytes])
    if (!decryptor) {
      if (pending.length < leadSize) continue
      decryptor = openObject(keys, context, pending)
      pending = pending.subarray(leadSize)
    }
    const chunks = Math.floor(pending.length / sealedChunkSize)
    if (chunks === 0) continue
    yield decryptor.open(pending.subarray(0, chunks * sealedChunkSize), chunk, false)
    chunk += chunks
    pending = pending.subarray(chunks * sealedChunkSize)
  }
  if (!decryptor) throw new DecryptionError('the object is truncated in its first 80 bytes')
  yield decryptor.open(pending, chunk, true)
}

/** The bytes of an object that hold a range of its plaintext, and where that range begins in them once decrypted. */
export interface SealedRange {
  offset: number
  length: number
  firstChunk: number
  /** Bytes to drop from the front of the decrypted chunks. */
  skip: number
  /** Whether the range includes the object's last chunk. */
  final: boolean
}

/**
 * Where plaintext bytes `offset` to `offset + length` lie in an object whose plaintext has `plaintextSize` bytes.
 * @throws RangeError when they are not all in that plaintext.
 */
export function sealedRange(offset: number, length: number, plaintextSize: number): SealedRange {
  if (offset < 0 || length < 0 || offset + length > plaintextSize) {
    throw new RangeError(`${length} bytes from ${offset} on are not in a plaintext of ${plaintextSize} bytes`)
  }
  const firstChunk = Math.floor(offset / chunkSize)
  const lastChunk = Math.floor(Math.max(offset, offset + length - 1) / chunkSize)
  const finalChunk = Math.floor(plaintextSize / chunkSize)
  const start = leadSize + firstChunk * sealedChunkSize
  const end = Math.min(leadSize + (lastChunk + 1) * sealedChunkSize, objectSize(plaintextSize))
  return {
    offset: start,
    length: end - start,
    firstChunk,
    skip: offset - firstChunk * chunkSize,
    final: lastChunk >= finalChunk,
  }
}
