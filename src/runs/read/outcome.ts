import { DecryptionError } from '../../crypto/cobblestone.ts'
import {
  AccessDeniedError,
  ObjectFrozenError,
  ObjectMissingError,
  StorageError,
} from '../../storage/errors.ts'

/**
 * Why something could not be read.
 * `missing`: the vault has no such object. `damaged`: it is not what was stored (altered, cut short, exchanged).
 * `locked`: its data key does not open. `frozen`: its storage class has to thaw it first. `unreadable`: storage did not
 * give it. The last two say nothing about the object.
 */
export interface ReadFailure {
  kind: 'missing' | 'damaged' | 'locked' | 'frozen' | 'unreadable'
  message: string
}

/** Whether a failure says nothing about the object: the storage did not give it. */
export function isUntold({ kind }: ReadFailure): boolean {
  return kind === 'unreadable' || kind === 'frozen'
}

/** How reading one object went. */
export interface ObjectOutcome {
  key: string
  /**
   * Set when the object as a whole is not in order. Contents of a pack may be all right even so; where only some were
   * asked for and read by ranges, it says nothing about the rest.
   */
  failure: ReadFailure | undefined
  /** The contents that could not be read, by id; every other one was, and has the right SHA-256. */
  failed: Map<number, ReadFailure>
  /** Bytes of content that were read. */
  bytes: number
}

export function damaged(message: string): ReadFailure {
  return { kind: 'damaged', message }
}

/**
 * The failure that an error stands for.
 * @throws the error itself when it is none of an object: a cancelled run, a full disk, a bug.
 */
export function failureOf(error: unknown): ReadFailure {
  if (error instanceof ObjectMissingError) return { kind: 'missing', message: error.message }
  if (error instanceof ObjectFrozenError) return { kind: 'frozen', message: error.message }
  if (error instanceof DecryptionError) return damaged(error.message)
  if (error instanceof StorageError || error instanceof AccessDeniedError) {
    return { kind: 'unreadable', message: error.message }
  }
  throw error
}
