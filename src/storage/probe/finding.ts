import type { TrialVerdict } from '../trial.ts'

/** What came of one step of a probe. */
export interface Finding extends TrialVerdict {
  /** What was looked at, in one or two words. */
  what: string
}
