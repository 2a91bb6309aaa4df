import { isDue } from '../../notify/alarms.ts'
import type { EventKind, EventOf, VerificationProblem } from '../../notify/event.ts'
import { under } from '../../notify/messages/words.ts'
import type { News } from '../../notify/news.ts'
import type { VerifyResult } from '../verify/verification.ts'
import { alarmName, raised } from './alarmNotes.ts'
import { aboutADay, type Occasion } from './occasion.ts'
import { tellableError } from './tellableError.ts'

/** How the verification of a destination ended: with a result, or with the error that there is none for. */
export type VerificationEnd = { destination: string } & (
  { result: VerifyResult; error?: undefined } | { result?: undefined; error: unknown }
)

/** What is to be told of a verification that has ended, and what to remember. */
export function verificationNews(end: VerificationEnd, occasion: Occasion): News[] {
  const { host, now, alarms } = occasion
  const { destination } = end
  const alarm = alarmName('verification', destination)
  const before = alarms.get(alarm)
  const problem = problemOf(end)
  if (problem === 'nothing to tell') return []
  if (problem !== undefined) {
    if (!isDue(before, problem.kind, now, aboutADay)) return []
    const event: EventOf<'verification-failure'> = {
      kind: 'verification-failure',
      host,
      now,
      destination,
      problem,
    }
    return [{ event, notes: [raised(alarm, problem.kind, occasion)] }]
  }
  if (!before) return []
  const destinations = [{ destination, snapshot: undefined, since: before.since }]
  return [
    {
      event: { kind: 'recovery', host, now, what: 'verification', destinations },
      notes: [{ alarm, told: undefined, untold: before }],
    },
  ]
}

function problemOf({ result, error }: VerificationEnd): VerificationProblem | 'nothing to tell' | undefined {
  if (!result) {
    const tellable = tellableError(error)
    return tellable ? { kind: 'failed', message: tellable.message, hint: tellable.hint } : 'nothing to tell'
  }
  const { outcome, findingsTotal: findings, affected, statement } = result
  if (outcome === 'damaged') return { kind: 'damaged', findings, paths: affected.total, statement }
  return outcome === 'incomplete' ? { kind: 'incomplete', findings, statement } : undefined
}

/** What happened, and how to say it in a line. */
export function verificationKinds(end: VerificationEnd): { kinds: EventKind[]; text: string } {
  const { destination, result, error } = end
  const text = under(
    destination,
    result ? result.statement : (tellableError(error)?.message ?? 'interrupted'),
  )
  return { kinds: problemOf(end) === undefined ? [] : ['verification-failure'], text }
}
