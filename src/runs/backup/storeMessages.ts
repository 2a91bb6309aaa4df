import type { ObjectKey } from '../../crypto/envelope.ts'
import type { EntryMetadata } from '../../manifest/entry.ts'
import type { PlainError } from '../../shared/threads/protocol.ts'
import type { StorageOptions } from '../../storage/options.ts'

/** What every store worker knows. */
export interface StoreSetting {
  /** Where contents go: one for each destination. */
  stores: StoreOptions[]
  /** How much memory a thread has for its jobs, in bytes. */
  memory: number
}

/** How contents get to one destination. */
export interface StoreOptions {
  storage: StorageOptions
  vaultId: string
  /** Key of the object names. */
  names: Uint8Array
  /** Undefined where an interrupted upload can't go on. */
  resuming: ResumeSetting | undefined
}

/** What it takes to go on with an upload of an earlier run. */
export interface ResumeSetting {
  /** `AGE-SECRET-KEY-1...`: opens the data keys of earlier runs. */
  identity: string
  /** Key of the key ids. */
  keyIds: Uint8Array
  /** Those that the data key of this run is wrapped for. */
  recipients: readonly string[]
}

/** The data key of an earlier run, as its row in the manifest says it; hexadecimal. */
export interface EarlierKey {
  id: string
  wrappedSha256: string
  wrappedSize: number
}

/** A file to read. */
export interface FileToStore {
  /** Absolute path. */
  path: string
  /** Bytes, as the scan saw it. */
  size: number
  /** Whether the SHA-1 is wanted, to hold it against Immich's. */
  wantSha1: boolean
}

/** A destination that a job stores for. */
export interface StoreTarget {
  /** Its place among the setting's stores. */
  store: number
  /** What its objects are encrypted under. */
  key: ObjectKey
}

export interface PackTarget extends StoreTarget {
  packName: string
}

/** Stores one file in an object of its own at each target that does not know its content. */
export interface StoreFileJob {
  kind: 'file'
  file: FileToStore
  targets: StoreTarget[]
}

/** Stores small files together: at each target, those whose content it does not know go into one pack. */
export interface StoreBatchJob {
  kind: 'batch'
  files: FileToStore[]
  targets: PackTarget[]
}

/** The worker asks which of the job's targets want which of these contents, by their SHA-256. */
export interface StoreQuestion {
  targets: number[]
  hashes: string[]
}

/** For each target that was asked for, whether it wants each of the contents. */
export type StoreAnswer = boolean[][]

/** What a worker tells while a job runs. */
export type StoreNote =
  /** Bytes of a large file that were worked through; all passes together make about its size. */
  | { kind: 'progress'; bytes: number }
  /** A target of the job has its end; others may take longer. */
  | { kind: 'end'; target: number; end: StoredFile | StoredBatch }
  /** The storage of a target failed. */
  | { kind: 'failed'; target: number; error: PlainError }

/** What became of reading a file. Hashes are hexadecimal: a million small buffers are dear to pass between threads. */
export type ReadOutcome =
  | {
      status: 'read'
      sha256: string
      sha1: string | undefined
      size: number
      metadata: EntryMetadata
    }
  /** It is gone, or no regular file any more. */
  | { status: 'vanished' }
  | { status: 'unreadable'; reason: string }
  /** It kept changing while it was read. */
  | { status: 'unstable' }
  /** It is too large for a pack by now. */
  | { status: 'grown' }

export interface StoredFile {
  outcome: ReadOutcome
  /** Set when the content was stored: SHA-256 and length of the object, and its key where that is an earlier run's. */
  object?: { ciphertextSha256: string; size: number; earlierKey?: EarlierKey | undefined }
}

export interface StoredBatch {
  outcomes: ReadOutcome[]
  /** Set when any content was new. */
  pack?: {
    plaintextSize: number
    ciphertextSha256: string
    size: number
    members: { sha256: string; size: number; offset: number }[]
  }
}
