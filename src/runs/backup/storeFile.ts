import { createHash, hash, type Hash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { leadSize, ObjectEncryptor, objectSize, type ObjectKey } from '../../crypto/envelope.ts'
import { isUnchanged, openLibraryFile, readFully } from '../../immich/libraryFile.ts'
import { sleep } from '../../shared/abort.ts'
import type { Semaphore } from '../../shared/semaphore.ts'
import type { JobContext } from '../../shared/threads/serve.ts'
import type { Storage } from '../../storage/storage.ts'
import { objectKey, objectContext } from '../../vault/layout.ts'
import { createObject, createObjectFromStream, type ObjectDigest } from '../../vault/objects.ts'
import { objectName } from '../../vault/vaultKeys.ts'
import type { LargeContent, LargeStore } from './largeUpload.ts'
import { Marker, partSizeFor, sha256Of } from './marks.ts'
import { metadataOf } from './metadata.ts'
import { reading, ReadFailure, readOutcome, UnstableFileError } from './readFailures.ts'
import { resumedFrom, storeLarge } from './storeLarge.ts'
import type { FileToStore, ReadOutcome, ResumeSetting, StoredFile } from './storeMessages.ts'

/** A file up to this size is read once, into memory; a larger one is read twice. */
export const wholeFileLimit = 8 * 1024 * 1024
/** Holds such a file and the object it becomes, at the same place. */
export const slabSize = objectSize(wholeFileLimit)
const pieceSize = 1024 * 1024
const attempts = 3

/** Where contents go. */
export interface ContentStore {
  storage: Storage
  vaultId: string
  names: Uint8Array
  /** Undefined where an interrupted upload can't go on. */
  resuming: (ResumeSetting & { turns: Semaphore }) | undefined
}

/**
 * Reads a file and, when the main thread says that its content is new, stores it.
 * A file that can't be read is an outcome; a storage that can't be written is an error.
 */
export async function storeFile(
  store: ContentStore,
  job: { file: FileToStore; key: ObjectKey },
  slab: Buffer,
  context: JobContext,
): Promise<StoredFile> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await withFile(job.file.path, async (handle, stats) =>
        stats.size <= wholeFileLimit
          ? await storeWhole(store, job, slab, context, handle, stats)
          : await storeInPieces(store, job, slab, context, handle, stats),
      )
    } catch (error) {
      const outcome = readOutcome(error)
      if (!outcome) throw error
      if (outcome.status !== 'unstable' || attempt === attempts) return { outcome }
      await sleep(200 * attempt, context.signal)
    }
  }
}

/** Opens a file for `work` and closes it. Failures of opening come out as {@link ReadFailure}. */
async function withFile<T>(
  path: string,
  work: (handle: FileHandle, stats: BigIntStats) => Promise<T>,
): Promise<T> {
  const { handle, stats } = await reading(async () => await openLibraryFile(path))
  try {
    return await work(handle, stats)
  } finally {
    await handle.close()
  }
}

/** Reads the whole of a small enough file. @throws UnstableFileError when it changes meanwhile. */
async function readWhole(handle: FileHandle, stats: BigIntStats, target: Buffer): Promise<void> {
  const read = await reading(async () => await readFully(handle, target, 0))
  if (read !== target.length || !(await reading(async () => await isUnchanged(handle, stats))))
    throw new UnstableFileError()
}

async function storeWhole(
  store: ContentStore,
  { file, key }: { file: FileToStore; key: ObjectKey },
  slab: Buffer,
  context: JobContext,
  handle: FileHandle,
  stats: BigIntStats,
): Promise<StoredFile> {
  const size = Number(stats.size)
  const object = slab.subarray(0, objectSize(size))
  const plaintext = object.subarray(object.length - size)
  await readWhole(handle, stats, plaintext)
  const sha256 = hash('sha256', plaintext)
  const sha1 = file.wantSha1 ? hash('sha1', plaintext) : undefined
  const outcome: ReadOutcome = { status: 'read', sha256, sha1, size, metadata: metadataOf(stats) }
  if (!(await isWanted(context, sha256))) return { outcome }

  const place = objectKey(objectName(store.names, Buffer.from(sha256, 'hex'), key.id))
  const encryptor = new ObjectEncryptor(key, objectContext(store.vaultId, place))
  encryptor.seal(plaintext, object.subarray(leadSize), true)
  object.set(encryptor.lead)
  const stored = await createObject(store.storage, place, object, { kind: 'content', signal: context.signal })
  return { outcome, object: hexDigest(stored) }
}

async function storeInPieces(
  store: ContentStore,
  { file, key }: { file: FileToStore; key: ObjectKey },
  slab: Buffer,
  context: JobContext,
  handle: FileHandle,
  stats: BigIntStats,
): Promise<StoredFile> {
  const size = Number(stats.size)
  const marker = new Marker(partSizeFor(size))
  const sha1Hash = file.wantSha1 ? createHash('sha1') : undefined
  for await (const piece of pieces(handle, stats, slab, context)) {
    marker.update(piece)
    sha1Hash?.update(piece)
  }
  const marks = marker.end()
  const sha256 = sha256Of(marks).toString('hex')
  const outcome: ReadOutcome = {
    status: 'read',
    sha256,
    sha1: sha1Hash?.digest('hex'),
    size,
    metadata: metadataOf(stats),
  }
  if (!(await isWanted(context, sha256))) return { outcome }

  const largeStore = size < resumedFrom ? undefined : largeStoreOf(store)
  if (largeStore) {
    const content = { ...marks, size, read: readerOf(handle) }
    const { object, earlierKey } = await storeLarge(largeStore, content, key, slab, context)
    return { outcome, object: { ...hexDigest(object), earlierKey } }
  }
  const place = objectKey(objectName(store.names, Buffer.from(sha256, 'hex'), key.id))
  const encryptor = new ObjectEncryptor(key, objectContext(store.vaultId, place))
  const source = sealedPieces(
    encryptor,
    pieces(handle, stats, slab, context),
    size,
    createHash('sha256'),
    sha256,
  )
  const object = await createObjectFromStream(store.storage, place, source, {
    kind: 'content',
    signal: context.signal,
    size: objectSize(size),
  })
  return { outcome, object: hexDigest(object) }
}

/** Where a content goes whose upload can be resumed; undefined when none can. */
function largeStoreOf({ storage, vaultId: id, names, resuming }: ContentStore): LargeStore | undefined {
  const { resumable } = storage
  if (!resuming || !resumable) return undefined
  const { keyIds, ...others } = resuming
  return { storage, resumable, id, keys: { names, keyIds }, ...others }
}

function readerOf(handle: FileHandle): LargeContent['read'] {
  return async (target, position) => {
    const read = await reading(async () => await readFully(handle, target, position))
    if (read !== target.length) throw new UnstableFileError()
  }
}

function hexDigest({ sha256, size }: ObjectDigest): { ciphertextSha256: string; size: number } {
  return { ciphertextSha256: sha256.toString('hex'), size }
}

/** The file in pieces of 1 MiB, read ahead by one. @throws UnstableFileError when it changed by the end. */
async function* pieces(
  handle: FileHandle,
  stats: BigIntStats,
  slab: Buffer,
  context: JobContext,
): AsyncGenerator<Buffer, void, undefined> {
  const size = Number(stats.size)
  const read = async (position: number, slot: number): Promise<Buffer> => {
    const target = slab.subarray(slot * pieceSize, slot * pieceSize + Math.min(pieceSize, size - position))
    if ((await readFully(handle, target, position)) !== target.length) throw new UnstableFileError()
    return target
  }
  // A read ahead may fail while the piece before it is still being worked on; it is reported when its turn comes.
  const readAhead = (position: number, slot: number): Promise<Buffer> => {
    const piece = read(position, slot)
    piece.catch(() => undefined)
    return piece
  }
  let slot = 0
  let next = readAhead(0, slot)
  try {
    for (let position = 0; position < size; position += pieceSize) {
      context.signal.throwIfAborted()
      const piece = await readingPiece(next)
      slot = 1 - slot
      if (position + pieceSize < size) next = readAhead(position + pieceSize, slot)
      yield piece
      context.note(piece.length / 2)
    }
  } finally {
    await next.catch(() => undefined)
  }
  if (!(await reading(async () => await isUnchanged(handle, stats)))) throw new UnstableFileError()
}

async function readingPiece(piece: Promise<Buffer>): Promise<Buffer> {
  try {
    return await piece
  } catch (error) {
    throw error instanceof UnstableFileError ? error : new ReadFailure('reading failed', { cause: error })
  }
}

/** Seals pieces; the last one leaves only once all the plaintext has proved to be the content that gives the name. */
async function* sealedPieces(
  encryptor: ObjectEncryptor,
  source: AsyncIterable<Buffer>,
  size: number,
  proof: Hash,
  expected: string,
): AsyncGenerator<Buffer, void, undefined> {
  yield encryptor.lead
  let position = 0
  let last: Buffer = Buffer.alloc(0)
  for await (const piece of source) {
    proof.update(piece)
    position += piece.length
    if (position === size && piece.length % pieceSize !== 0) {
      last = Buffer.from(piece)
      continue
    }
    yield sealed(encryptor, piece, false)
  }
  if (proof.digest('hex') !== expected) throw new UnstableFileError()
  yield sealed(encryptor, last, true)
}

function sealed(encryptor: ObjectEncryptor, plaintext: Buffer, final: boolean): Buffer {
  const target = Buffer.allocUnsafeSlow(objectSize(plaintext.length) - leadSize - (final ? 0 : 16))
  encryptor.seal(plaintext, target, final)
  return target
}

async function isWanted(context: JobContext, sha256: string): Promise<boolean> {
  const [wanted] = (await context.ask([sha256])) as boolean[]
  return wanted === true
}
