import type { Rate } from './rate.ts'

/**
 * What storages may take of the link and of a server, together: plain data, handed to worker threads with the options of
 * a storage. Whoever got the same `shared` keeps to the limits together, in whatever thread.
 */
export interface Limits {
  upload: Rate
  download: Rate
  /** Objects that worker threads send or read at once; Infinity for as many as there are. */
  concurrency: number
  /** Infinity for as many as there are. */
  requestsPerSecond: number
  shared: SharedArrayBuffer
}

/** Memory for what is shared. */
export function sharedLimits(): SharedArrayBuffer {
  return new SharedArrayBuffer(size)
}

const size = 4 * BigInt64Array.BYTES_PER_ELEMENT

/** The shared numbers of some limits: when what each bucket gave is earned, and how many objects are under way. */
export function cellsOf({ shared }: Limits) {
  return {
    upload: new BigInt64Array(shared, 0, 1),
    download: new BigInt64Array(shared, 8, 1),
    requests: new BigInt64Array(shared, 16, 1),
    transfers: new Int32Array(shared, 24, 1),
  }
}
