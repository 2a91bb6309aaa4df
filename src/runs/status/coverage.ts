import type { CheckedOnDays, VerificationDocument } from '../verify/document.ts'
import { recentDays } from '../verify/population.ts'
import { verificationsDenied, type VaultFacts } from './facts.ts'
import type { Problem } from './problem.ts'

/** How much of a vault was verified, as its last verification knows it. */
export interface VerificationStatus {
  /** When the last one began. */
  started: Date
  level: VerificationDocument['level']
  outcome: VerificationDocument['outcome']
  /** Of all objects that there were then. Undefined where the document is of a version that did not tell. */
  coverage: RecentCoverage | undefined
}

export interface RecentCoverage {
  objects: number
  /** Those that were read back within the last 90 days, by today's date. */
  read: number
  /** Those that were read back, or whose stored bytes were compared with their checksums. */
  stored: number
}

/** @returns null where nothing was ever verified, undefined where that can't be known. */
export function verificationStatus(
  { verification, denied }: VaultFacts,
  now: Date,
): VerificationStatus | null | undefined {
  if (!verification) return denied.includes(verificationsDenied) ? undefined : null
  const { started, level, outcome, coverage } = verification
  const from = new Date(now.getTime() - recentDays * 24 * 3600 * 1000).toISOString().slice(0, 10)
  return {
    started: new Date(started),
    level,
    outcome,
    coverage: coverage && {
      objects: coverage.objects,
      read: since(from, coverage.read),
      stored: since(from, coverage.stored),
    },
  }
}

/** Damage stands until a verification finds none: what was bad is looked at first. */
export function verificationProblems(document: VerificationDocument | undefined): Problem[] {
  if (document?.outcome !== 'damaged') return []
  const [first] = document.damaged
  const which = first ? `, first of all in ${first.key}: ${first.problem}` : ''
  const message = `the verification of ${document.started.slice(0, 10)} found damage${which}`
  return [{ kind: 'damaged', severity: 'bad', message }]
}

function since(from: string, days: CheckedOnDays): number {
  return days.reduce((sum, [day, objects]) => (day >= from ? sum + objects : sum), 0)
}
