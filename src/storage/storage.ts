/*
 * The storage contract. Every backend keeps it, and `test/storage/conformance.ts` holds each of them to it.
 *
 * A storage maps keys to immutable objects. A key is a relative path of printable ASCII, `a/b/c`, with no empty, `.` or
 * `..` part; `tmp/` is reserved, and no key goes on where another ends (`a` and `a/b`), because a file system can't
 * hold both. There is deliberately no way to overwrite or to delete here: what is not offered can't go wrong.
 *
 * Errors are those of errors.ts; a call that was aborted rejects with its signal's reason.
 *
 * What only some backends can do stands in files of its own: resumable.ts, leftovers.ts, thawing.ts, trial.ts. A
 * backend that lacks one of them lacks the member.
 */
import type { Leftovers } from './leftovers.ts'
import type { ResumableUploads } from './resumable.ts'
import type { Thawing } from './thawing.ts'
import type { Trial } from './trial.ts'

/**
 * What an object is for; a backend may put each kind in another storage class.
 * `content` is files and packs; `index` is everything a reader needs quickly, the database dumps included.
 */
export type ObjectKind = 'content' | 'index'

export interface CallOptions {
  signal?: AbortSignal | undefined
}

export interface CreateOptions extends CallOptions {
  kind: ObjectKind
}

export interface PutOptions extends CreateOptions {
  /** SHA-256 of the bytes, 32 bytes, where the caller has it already: saves a backend that sends one computing it. */
  sha256?: Uint8Array | undefined
}

export interface UploadOptions extends CreateOptions {
  /** Exact number of bytes that the source will yield, where known. A source that yields another number fails. */
  size?: number | undefined
}

export interface ReadOptions extends CallOptions {
  /** Only these bytes. A range that ends beyond the object's end gives what there is; one that begins there fails. */
  range?: { offset: number; length: number } | undefined
}

export interface ListOptions extends CallOptions {
  /** Only keys that come after this one, in byte order. */
  after?: string | undefined
}

export interface ListedObject {
  key: string
  size: number
}

/** What a backend can and cannot do, as data, so that no caller asks for its type. */
export interface Capabilities {
  /** An existing object is refused by the storage itself, atomically, also against another writer. */
  atomicCreate: boolean
  /** A create that returned survives a power cut. */
  durable: boolean
  /**
   * What the storage itself holds the bytes against that it receives. `none`: a byte that is altered on the way in is
   * noticed by a verification only.
   */
  checksum: 'sha256' | 'sha1' | 'crc32c' | 'md5' | 'none'
  /** A good size for the parts of a large upload, in bytes. */
  partSize: number
  /** How many calls at once make sense on this backend. */
  concurrency: number
  /** May be used from worker threads by opening it again from its options. */
  reopenable: boolean
}

export interface Storage {
  readonly capabilities: Capabilities
  /** Where this is, for people: `s3://bucket/prefix`, `/mnt/vault`. Never holds a secret. */
  readonly location: string

  /**
   * Creates an object from bytes in memory. The bytes stay untouched until the promise settles.
   * When it resolves, the object is there, whole. When it rejects, either nothing is there under the key or the whole
   * object is: never a part.
   * @throws ObjectExistsError when the key is taken, whatever lies there; the caller decides what that means. It also
   *   happens when an earlier try of this very call did arrive and only its answer was lost.
   */
  put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void>

  /**
   * Creates an object from a stream. Chunks may have any size; each belongs to the storage from when it is yielded,
   * and its memory may be given back.
   * The source is read once, and ends by itself when the signal aborts while it waits. If it throws, or yields another number of bytes than `size`, or the signal aborts, the
   * call rejects with that error and nothing appears under the key. Otherwise as `put`.
   */
  upload(key: string, source: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<void>

  /**
   * The bytes of an object, in chunks of any size. Ending early (breaking the loop) frees the connection.
   * A stream that ends without error gave every byte of the object or range: a short read is an error.
   * @throws ObjectMissingError, on the first chunk, when there is no such object.
   */
  read(key: string, options?: ReadOptions): AsyncIterable<Uint8Array>

  /** Size of an object in bytes. @throws ObjectMissingError */
  stat(key: string, options?: CallOptions): Promise<{ size: number }>

  /**
   * The objects whose keys begin with `prefix`, in byte order of their keys. The prefix need not end at a slash.
   * Unfinished uploads and temporary files are never listed, nor is anything whose name is no key.
   */
  list(prefix: string, options?: ListOptions): AsyncIterable<ListedObject>

  readonly resumable?: ResumableUploads | undefined
  readonly leftovers?: Leftovers | undefined
  readonly thawing?: Thawing | undefined
  readonly trial?: Trial | undefined

  /** Ends connections. No call may follow. */
  close(): Promise<void>
}
