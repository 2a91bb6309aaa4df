/* What uploads leave behind that never ended: their bytes are paid for, and no listing of objects shows them. */
import type { CallOptions } from './storage.ts'

export interface Leftover {
  /** Names it towards `remove`. */
  id: string
  /** The key that it was to become, where that is known. */
  key: string | undefined
  /** When it was begun or, where only that is known, last written to. */
  time: Date
  /** Bytes it takes, where known. */
  size: number | undefined
}

export interface Leftovers {
  /** A setting of the storage's own that removes them without us, as a sentence; undefined where there is none. */
  readonly rule: string | undefined
  /** Every unfinished upload, those that are under way included. */
  list(options: CallOptions): AsyncIterable<Leftover>
  /** Removes one, never an object. One that is gone already is success. @throws AccessDeniedError */
  remove(leftover: Leftover, options: CallOptions): Promise<void>
}
