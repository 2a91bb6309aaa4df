/*
 * What a probe may try out beyond the contract, to find out how a destination is really set up. Only ever on objects
 * that the probe made itself.
 */
import { assertKey } from './keys.ts'
import type { CallOptions } from './storage.ts'

/** Keys that begin so belong to probes. They lie under `uploads/`, which expires by a lifecycle rule. */
export const trialPrefix = 'uploads/trial-'

/** @throws Error for any key that is not a probe's own: nothing else may ever be deleted or replaced. */
export function assertTrialKey(key: string): void {
  assertKey(key)
  if (!key.startsWith(trialPrefix)) throw new Error(`not a key of a trial: ${JSON.stringify(key)}`)
}

/**
 * What came of trying something that backup credentials should not be able to do. `hidden` is between the two: readers
 * no longer see the object, but the storage keeps it as an older version, and refused to let go of that.
 */
export type TrialResult = 'refused' | 'hidden' | 'allowed'

/** Something that a backend found out about how it is set up, beyond what every storage is asked. */
export interface Finding {
  /** What was tried, as the name of a check: `a large upload is create-only`. */
  about: string
  result: 'good' | 'weak'
  /** What happened, as a sentence. */
  told: string
  /** What to do about it. */
  remedy?: string | undefined
}

export interface Trial {
  /** Tries to delete an object. @throws Error for a key that does not begin with `trialPrefix`. */
  remove(key: string, options: CallOptions): Promise<TrialResult>
  /**
   * Tries to replace an object by other bytes, without any precondition.
   * @throws Error for a key that does not begin with `trialPrefix`.
   */
  overwrite(key: string, bytes: Uint8Array, options: CallOptions): Promise<TrialResult>
  /** The storage's own clock; undefined where it tells none. */
  clock(options: CallOptions): Promise<Date | undefined>
  /** Whether old versions of objects are kept when one is overwritten or deleted; undefined where that can't be told. */
  keepsVersions(options: CallOptions): Promise<boolean | undefined>
  /**
   * What only this backend can have set up badly. It may leave small objects under `trialPrefix`.
   * @throws what any call throws that fails for another reason than the one that is looked for.
   */
  findings?(options: CallOptions): AsyncIterable<Finding>
}
