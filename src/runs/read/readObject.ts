import { createHash } from 'node:crypto'
import { DecryptionError } from '../../crypto/cobblestone.ts'
import { objectSize, type KeyLookup } from '../../crypto/envelope.ts'
import { release } from '../../shared/release.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { objectContext } from '../../vault/layout.ts'
import type { ObjectSource, ReadContent, ReadObject } from './object.ts'
import { damaged, failureOf, type ObjectOutcome, type ReadFailure } from './outcome.ts'
import { RangeReader } from './ranges.ts'
import { ContentSlicer, type SinkFor } from './slicer.ts'
import { StreamOpener } from './streamOpener.ts'

/**
 * How much of an object is read. `wanted`: the contents asked for, by ranges where that is less. `whole`: all of it,
 * and its stored bytes are held against the manifest's SHA-256 as well. Every content is checked in either case.
 */
export type Extent = 'wanted' | 'whole'

/**
 * Reads an object and gives its contents to their sinks. What is wrong with it is told, not thrown; and what is wrong
 * with one content of a pack does not keep the others from being read.
 * @throws when the signal aborts, or a sink throws.
 */
export async function readObject<C extends ReadContent>(
  source: ObjectSource,
  object: ReadObject<C>,
  dataKey: Uint8Array,
  sinkFor: SinkFor<C>,
  options: CallOptions & { extent: Extent },
): Promise<ObjectOutcome> {
  const outcome: ObjectOutcome = { key: object.key, failure: undefined, failed: new Map(), bytes: 0 }
  const pending = new Map(object.contents.map((content) => [content.id, content]))
  const settle = (content: C, failure: ReadFailure | undefined): void => {
    pending.delete(content.id)
    if (failure) outcome.failed.set(content.id, failure)
    else outcome.bytes += content.size
  }
  const keys = keyOf(object, dataKey)
  if (options.extent === 'wanted' && pending.size === 0) return outcome

  if (options.extent === 'whole' || isMostlyWanted(object)) {
    outcome.failure = await readThrough(source, object, keys, sinkFor, settle, options)
  }
  const isLost = outcome.failure !== undefined && (outcome.failure.kind !== 'damaged' || !isPack(object))
  if (!isLost && pending.size > 0) {
    const readable = [...pending.values()].filter((content) => isInside(object, content))
    await new RangeReader(source, object, keys, options).read(readable, sinkFor, settle)
  }
  for (const content of pending.values()) {
    settle(content, outcome.failure ?? damaged(`${object.key} does not hold the content`))
  }
  return outcome
}

/** Reads an object from its first byte to its last. @returns what is wrong with it as a whole. */
async function readThrough<C extends ReadContent>(
  source: ObjectSource,
  object: ReadObject<C>,
  keys: KeyLookup,
  sinkFor: SinkFor<C>,
  settle: (content: C, failure: ReadFailure | undefined) => void,
  options: CallOptions & { extent: Extent },
): Promise<ReadFailure | undefined> {
  const slicer = new ContentSlicer(
    inOrder(object.contents),
    sinkFor,
    (content, right) =>
      settle(content, right ? undefined : damaged(`${object.key} holds other bytes than the manifest says`)),
    source.onBytes,
  )
  const digest = options.extent === 'whole' ? createHash('sha256') : undefined
  try {
    const opener = new StreamOpener(keys, objectContext(source.vaultId, object.key))
    for await (const chunk of source.storage.read(object.key, { signal: options.signal })) {
      digest?.update(chunk)
      for (const plaintext of opener.push(chunk)) slicer.take(plaintext)
      release(chunk)
    }
    slicer.take(opener.end())
    if (slicer.position !== object.plaintextSize)
      return damaged(`${object.key} has not the length that the manifest says`)
    if (digest && digest.digest('hex') !== object.ciphertextSha256) {
      return damaged(`${object.key} is not the object that the manifest names`)
    }
    return undefined
  } catch (error) {
    return failureOf(error)
  } finally {
    slicer.abandon()
  }
}

/**
 * Holds the stored bytes of an object against the manifest's length and SHA-256. It needs no data key, and says nothing
 * of the contents that could not be read.
 */
export async function checkStoredBytes(
  source: ObjectSource,
  object: ReadObject,
  options: CallOptions,
): Promise<ObjectOutcome> {
  const expected = objectSize(object.plaintextSize)
  const digest = createHash('sha256')
  let size = 0
  let failure: ReadFailure | undefined
  try {
    for await (const chunk of source.storage.read(object.key, options)) {
      size += chunk.length
      digest.update(chunk)
      source.onBytes(chunk.length)
      release(chunk)
      if (size > expected) break
    }
    if (size !== expected || digest.digest('hex') !== object.ciphertextSha256) {
      failure = damaged(`${object.key} is not the object that the manifest names`)
    }
  } catch (error) {
    failure = failureOf(error)
  }
  const failed = new Map(failure ? object.contents.map(({ id }) => [id, failure]) : [])
  return { key: object.key, failure, failed, bytes: size }
}

/** The object must be encrypted under the very key that the manifest names. */
function keyOf(object: ReadObject, dataKey: Uint8Array): KeyLookup {
  return (id) => {
    if (id.toString('hex') === object.keyId) return dataKey
    throw new DecryptionError(`${object.key} names another key than the manifest does`)
  }
}

function isPack(object: ReadObject): boolean {
  return object.contents.length > 1 || object.contents[0]?.size !== object.plaintextSize
}

/** One request for a whole pack is better than many for its parts, as long as at least a quarter of it is wanted. */
function isMostlyWanted(object: ReadObject): boolean {
  const wanted = object.contents.reduce((sum, { size }) => sum + size, 0)
  return wanted * 4 >= object.plaintextSize || object.contents.some(({ size }) => size > RangeReader.limit)
}

/** The contents that follow one another. A manifest that makes them overlap has them read one by one. */
function inOrder<C extends ReadContent>(contents: readonly C[]): C[] {
  let end = 0
  return contents.filter(({ offset, size }) => {
    if (offset < end || size < 0) return false
    end = offset + size
    return true
  })
}

/** Whether a range of the plaintext can be read for a content: a manifest may claim anything. */
function isInside(object: ReadObject, { offset, size }: ReadContent): boolean {
  return offset >= 0 && size >= 0 && size <= RangeReader.limit && offset + size <= object.plaintextSize
}
