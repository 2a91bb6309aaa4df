import type { SnapshotRecord } from '../../vault/record.ts'
import { recordName } from '../../vault/snapshots.ts'
import { verificationProblems, verificationStatus, type VerificationStatus } from './coverage.ts'
import { currentRun, type CurrentRun } from './currentRun.ts'
import { endedRunProblems, endedRuns, type EndedRun } from './endedRuns.ts'
import type { DestinationFacts } from './facts.ts'
import { lastGoodOf } from './lastGood.ts'
import { dueTime, overdueProblems } from './overdue.ts'
import { healthOf, type Health, type Problem } from './problem.ts'
import { lastGoodState, type Unprotected } from './unprotected.ts'

/** How a destination stands. */
export interface DestinationStatus {
  destination: string
  /** Where its vault lies, for people; undefined when it could not be looked at. */
  location: string | undefined
  health: Health
  /** The worst first. */
  problems: Problem[]
  lastGood: SnapshotRecord | undefined
  /** Age of the last good backup in milliseconds. */
  age: number | undefined
  expectEveryMs: number
  /** When the next good backup has to be there. */
  due: Date | undefined
  current: CurrentRun | undefined
  /** Runs since the last good backup that made none, newest first. */
  ended: EndedRun[]
  unprotected: Unprotected[]
  /** What else the last good backup warns of. */
  warnings: string[]
  /** Null: none is known; undefined: that could not be looked at. */
  verification: VerificationStatus | null | undefined
}

const severities: readonly Problem['severity'][] = ['bad', 'attention', 'note']

/** Judges what was found out about a destination. */
export function destinationStatus(facts: DestinationFacts, now: Date): DestinationStatus {
  const { destination, vault, expectEveryMs } = facts
  const lastGood = lastGoodOf(facts)
  const report = vault?.reports.find(({ runId }) => runId === lastGood?.runId)
  const state = lastGood ? lastGoodState(lastGood, report) : { unprotected: [], warnings: [], problems: [] }
  const { current, problems: dead } = currentRun(facts, lastGood, now)
  const ended = endedRuns(facts, lastGood, current)
  const problems = [
    ...vaultProblems(facts),
    ...overdueProblems(facts, lastGood, now),
    ...endedRunProblems(ended),
    ...verificationProblems(vault?.verification),
    ...state.problems,
    ...dead,
    ...stateProblems(facts),
  ].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))
  return {
    destination,
    location: vault?.location,
    health: healthOf(problems),
    problems,
    lastGood,
    age: lastGood && now.getTime() - Date.parse(lastGood.created),
    expectEveryMs,
    due: dueTime(expectEveryMs, lastGood),
    current,
    ended,
    unprotected: state.unprotected,
    warnings: state.warnings,
    verification: vault && verificationStatus(vault, now),
  }
}

/** What is wrong with the vault itself, or keeps it from being looked at. */
function vaultProblems({ vault, unreachable }: DestinationFacts): Problem[] {
  const problems: Problem[] = []
  const bad = (kind: Problem['kind'], message: string) => problems.push({ kind, severity: 'bad', message })
  if (unreachable) problems.push({ kind: 'unreachable', severity: 'bad', ...unreachable })
  if (!vault) return problems
  if (vault.hidden) problems.push({ kind: 'hidden', severity: 'bad', ...vault.hidden })
  for (const { id, message } of vault.damagedRecords)
    bad('damaged', `snapshot ${recordName(id)} can't be read: ${message}`)
  if (vault.denied.length > 0) {
    const message = `these credentials may not read ${vault.denied.join(' and ')}: what they would tell is not known here`
    problems.push({ kind: 'denied', severity: 'note', message })
  }
  return problems
}

function stateProblems({ stateProblem }: DestinationFacts): Problem[] {
  if (stateProblem === undefined) return []
  const message = `what this machine remembers of its runs can't be read: ${stateProblem}`
  return [{ kind: 'state', severity: 'note', message }]
}
