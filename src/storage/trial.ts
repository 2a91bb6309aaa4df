/*
 * What a probe may try out beyond the contract, to find out how a destination is really set up. Only ever on objects
 * that the probe made itself.
 */
import { AccessDeniedError } from './errors.ts'
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

/** What came of a deed that only a lack of rights keeps from being done. @throws what it failed with otherwise. */
export async function refusedOrAllowed(deed: Promise<void>): Promise<'refused' | 'allowed'> {
  try {
    await deed
    return 'allowed'
  } catch (error) {
    if (error instanceof AccessDeniedError) return 'refused'
    throw error
  }
}

/** What came of a step of a probe. */
export interface TrialVerdict {
  /** `weak`: it works, and could be better. `unknown`: these credentials don't let us see. */
  result: 'good' | 'weak' | 'bad' | 'unknown'
  /** What was seen, as a sentence without its full stop. */
  detail: string
  /** What to do about it, as sentences. */
  remedy?: string | undefined
}

/** Something to try that only one backend knows of. */
export interface TrialStep {
  /** What it looks at, in one or two words. */
  what: string
  /**
   * Tries it, and may leave small objects behind.
   * @param site.key a key of the probe's own, under `trialPrefix`.
   */
  try(site: { key: (name: string) => string; call: CallOptions }): Promise<TrialVerdict>
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
  /** What only this backend can have set up badly. */
  readonly steps?: readonly TrialStep[] | undefined
}
