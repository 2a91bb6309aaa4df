import { createHash } from 'node:crypto'
import { AccessDeniedError, ObjectExistsError, ObjectFrozenError } from '../storage/errors.ts'
import type { CallOptions, CreateOptions, Storage } from '../storage/storage.ts'

/**
 * An object's key is taken, and what lies there can't be read: nobody can say whether it is ours (an answer that was
 * lost) or somebody else's. It is treated as not stored.
 */
export class UnprovenObjectError extends Error {
  readonly key: string
  constructor(key: string, options?: ErrorOptions) {
    super(`${key} exists already, and can't be read now to tell whether it is ours`, options)
    this.name = 'UnprovenObjectError'
    this.key = key
  }
}

/** Something lies under a key of ours that we did not write. */
export class ForeignObjectError extends Error {
  readonly key: string
  constructor(key: string) {
    super(`${key} exists already with other bytes than ours`)
    this.name = 'ForeignObjectError'
    this.key = key
  }
}

/**
 * Creates an object. A key that is taken is success only if what lies there is byte for byte ours: that is how a create
 * looks whose first answer was lost.
 * @returns length and SHA-256 of what was written.
 * @throws UnprovenObjectError | ForeignObjectError
 */
export async function createObject(
  storage: Storage,
  key: string,
  bytes: Uint8Array,
  options: CreateOptions,
): Promise<ObjectDigest> {
  const digest = { size: bytes.length, sha256: sha256(bytes) }
  try {
    await storage.put(key, bytes, { ...options, sha256: digest.sha256 })
  } catch (error) {
    if (!(error instanceof ObjectExistsError)) throw error
    await proveOurs(storage, key, digest, options)
  }
  return digest
}

/**
 * Creates an object from a stream of known or unknown size, and says what was written.
 * @throws as {@link createObject}
 */
export async function createObjectFromStream(
  storage: Storage,
  key: string,
  source: AsyncIterable<Uint8Array>,
  options: CreateOptions & { size?: number | undefined },
): Promise<ObjectDigest> {
  const hash = createHash('sha256')
  let size = 0
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of source) {
      hash.update(chunk)
      size += chunk.length
      yield chunk
    }
  }
  try {
    await storage.upload(key, counted(), options)
    return { size, sha256: hash.digest() }
  } catch (error) {
    if (!(error instanceof ObjectExistsError)) throw error
    const written = { size, sha256: hash.digest() }
    await proveOurs(storage, key, written, options)
    return written
  }
}

/** Length and SHA-256 of an object as it lies in storage. */
export interface ObjectDigest {
  size: number
  sha256: Buffer
}

/**
 * Makes sure that what lies under a key is byte for byte what we would have written.
 * @throws UnprovenObjectError | ForeignObjectError | ObjectMissingError
 */
export async function proveOurs(
  storage: Storage,
  key: string,
  ours: ObjectDigest,
  options: CallOptions,
): Promise<void> {
  try {
    const theirs = await digestOf(storage.read(key, options))
    if (theirs.size === ours.size && theirs.sha256.equals(ours.sha256)) return
  } catch (error) {
    const unreadable = error instanceof AccessDeniedError || error instanceof ObjectFrozenError
    throw unreadable ? new UnprovenObjectError(key, { cause: error }) : error
  }
  throw new ForeignObjectError(key)
}

/** Length and SHA-256 of a stream. */
export async function digestOf(source: AsyncIterable<Uint8Array>): Promise<ObjectDigest> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of source) {
    hash.update(chunk)
    size += chunk.length
  }
  return { size, sha256: hash.digest() }
}

/** An object was larger than anything we would have written there. */
export class ObjectTooLargeError extends Error {
  constructor(key: string, limit: number) {
    super(`${key} is larger than ${limit} bytes, the most that can be in order`)
    this.name = 'ObjectTooLargeError'
  }
}

/**
 * A whole object in memory.
 * @param limit the most bytes it may have: storage must not be able to fill our memory.
 * @throws ObjectMissingError | ObjectTooLargeError
 */
export async function readSmallObject(
  storage: Storage,
  key: string,
  limit: number,
  options: CallOptions,
): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of storage.read(key, options)) {
    size += chunk.length
    if (size > limit) throw new ObjectTooLargeError(key, limit)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
