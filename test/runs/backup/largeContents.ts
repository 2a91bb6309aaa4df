/* A vault in memory, large contents that are small enough for tests, and a storage that tells what was sent to it. */
import { rejects } from 'node:assert'
import { ForwardingStorage } from '../../../src/storage/forward.ts'
import { decryptObject, onlyKey, type ObjectKey } from '../../../src/crypto/envelope.ts'
import type { Identity } from '../../../src/crypto/identity.ts'
import type { LargeContent, LargeStore } from '../../../src/runs/backup/largeUpload.ts'
import { Marker, sha256Of } from '../../../src/runs/backup/marks.ts'
import { storeLarge, type StoredLarge } from '../../../src/runs/backup/storeLarge.ts'
import { MemoryStorage } from '../../../src/storage/memory.ts'
import type { ResumableUpload, ResumableUploads } from '../../../src/storage/resumable.ts'
import { createDataKey, reopenDataKey } from '../../../src/vault/dataKeys.ts'
import { objectContext, objectKey } from '../../../src/vault/layout.ts'
import { sha256 } from '../../../src/vault/objects.ts'
import type { Vault } from '../../../src/vault/vault.ts'
import { objectName } from '../../../src/vault/vaultKeys.ts'
import { bytesOf, newVault } from '../../vault/vaults.ts'

export const partSize = 256 * 1024
/** Of the storage in memory. */
export const pieceSize = 1024 * 1024

/** Bytes that went to an upload. */
export interface Sent {
  token: string
  offset: number
  bytes: Buffer
}

/** Memory that remembers what its uploads were given, and breaks down when told. */
export class WatchedStorage extends ForwardingStorage {
  readonly sent: Sent[] = []
  /** Tokens of uploads that were given up. */
  readonly abandoned: string[] = []
  /** Pieces that still arrive; then every call of an upload fails. */
  piecesLeft = Infinity
  /** Done just before a piece arrives. */
  beforePiece: () => void | Promise<void> = () => undefined
  readonly #watched: ResumableUploads

  constructor(inner = new MemoryStorage()) {
    super(inner)
    const { resumable } = inner
    const { pieceUnit, maxPieces } = resumable
    this.#watched = {
      pieceUnit,
      maxPieces,
      begin: async (...call) => this.#watch(await resumable.begin(...call)),
      resume: async (...call) => {
        const upload = await resumable.resume(...call)
        return upload && this.#watch(upload)
      },
    }
  }

  override get resumable(): ResumableUploads {
    return this.#watched
  }

  #watch(upload: ResumableUpload): ResumableUpload {
    const { token, held } = upload
    let offset = 0
    return {
      token,
      held,
      append: async (piece, options) => {
        await this.beforePiece()
        if (this.piecesLeft === 0) throw new Error('the network is gone')
        if (offset >= held) this.piecesLeft -= 1
        if (offset >= held) this.sent.push({ token, offset, bytes: Buffer.from(piece) })
        await upload.append(piece, options)
        offset += piece.length
      },
      complete: async (options) => {
        if (this.piecesLeft === 0) throw new Error('the network is gone')
        await upload.complete(options)
      },
      abandon: async (options) => {
        this.abandoned.push(token)
        await upload.abandon(options)
      },
    }
  }
}

/** A run, as far as large contents are concerned: with a data key of its own. */
export interface Run {
  key: ObjectKey
  store: LargeStore
}

export interface Bench {
  vault: Vault
  storage: WatchedStorage
  identity: Identity
  recovery: Identity
  /** Begins a run; it changes what the store says as told. */
  run: (changes?: Partial<LargeStore>) => Promise<Run>
}

export async function newBench(): Promise<Bench> {
  const storage = new WatchedStorage()
  const { vault, identity, recovery } = await newVault({ storage })
  const recipients = [recovery.recipient, identity.recipient]
  const { id, keys } = vault
  const run = async (changes: Partial<LargeStore> = {}): Promise<Run> => {
    const key = await createDataKey(vault, changes.recipients ?? recipients, {})
    const { resumable } = storage
    return {
      key,
      store: { storage, resumable, id, keys, identity: identity.identity, recipients, ...changes },
    }
  }
  return { vault, storage, identity, recovery, run }
}

/** A file that was read once as `bytes`, and reads as `later` the second time. */
export function contentOf(bytes: Buffer, later = bytes): LargeContent {
  const marker = new Marker(partSize)
  marker.update(bytes)
  return {
    ...marker.end(),
    size: bytes.length,
    read: async (target, position) => {
      later.copy(target, 0, position)
    },
  }
}

/** Stores a content as a worker thread does. */
export async function storeIn(
  { store, key }: Run,
  content: LargeContent,
  signal = new AbortController().signal,
): Promise<StoredLarge> {
  const watch = { signal, passed: () => undefined }
  return await storeLarge(store, content, key, Buffer.alloc(partSize), watch)
}

/** A run that sent so many pieces of a content and is no more. */
export async function interruptedRun(bench: Bench, content: LargeContent, arrived: number): Promise<Run> {
  const run = await bench.run()
  bench.storage.piecesLeft = arrived
  await rejects(storeIn(run, content), /the network is gone/)
  bench.storage.piecesLeft = Infinity
  bench.storage.sent.splice(0)
  return run
}

/**
 * The content as it lies in the vault, opened with the key that the result names and held against its digest.
 * @param run that stored it.
 */
export async function storedContent(
  { vault, identity }: Bench,
  { key }: Run,
  content: LargeContent,
  { object, earlierKey }: StoredLarge,
): Promise<Buffer> {
  const id = earlierKey === undefined ? Buffer.from(key.id) : Buffer.from(earlierKey.id, 'hex')
  const opened = await reopenDataKey(vault, identity.identity, id, {})
  if (!opened) throw new Error('the data key does not open')
  if (earlierKey && earlierKey.wrappedSha256 !== opened.wrapped.sha256.toString('hex'))
    throw new Error('the result tells of another wrapped key')
  const place = objectKey(objectName(vault.keys.names, sha256Of(content), id))
  const bytes = await bytesOf(vault.storage, place)
  if (bytes.length !== object.size || !sha256(bytes).equals(object.sha256))
    throw new Error('the result tells of another object')
  return decryptObject(onlyKey(opened), objectContext(vault.id, place), bytes)
}
