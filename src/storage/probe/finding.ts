/** `weak`: it works, and something could be better. `unknown`: these credentials, or this backend, don't let us see. */
export type FindingResult = 'good' | 'weak' | 'bad' | 'unknown'

/** What came of one step of a probe. */
export interface Verdict {
  result: FindingResult
  /** What was seen, as a sentence without its full stop. */
  detail: string
  /** What to do about it, as sentences; undefined where there is nothing to do. */
  remedy?: string | undefined
}

export interface Finding extends Verdict {
  /** What was looked at, in one or two words. */
  what: string
}
