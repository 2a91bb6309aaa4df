import type { ObjectKey } from '../../crypto/envelope.ts'
import type { EntryMetadata } from '../../manifest/entry.ts'
import type { StorageOptions } from '../../storage/options.ts'

/** Files that one thread works on at once: enough to hide the latency of a far storage, few enough for its memory. */
export const jobsPerThread = 3

/** What every store worker knows. */
export interface StoreSetting {
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
  /** Whether the SHA-1 is wanted, to hold it against Immich's. */
  wantSha1: boolean
}

/** Stores one file in an object of its own, unless its content is known. */
export interface StoreFileJob {
  kind: 'file'
  file: FileToStore
  key: ObjectKey
}

/** Stores small files together: those whose content is not known go into one pack. */
export interface StoreBatchJob {
  kind: 'batch'
  files: FileToStore[]
  packName: string
  key: ObjectKey
}

/** The worker asks for each SHA-256 whether it is to be stored; the answer is a list of booleans. */
export type StoreQuestion = string[]

/** Bytes of a large file that were worked through; both passes together make its size. */
export type StoreNote = number

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
