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

/** What came of trying something that backup credentials should not be able to do. */
export type TrialResult = 'refused' | 'allowed'

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
}
