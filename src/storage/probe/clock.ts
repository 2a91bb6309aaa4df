import type { TrialVerdict } from '../trial.ts'
import type { Site } from './site.ts'

const minute = 60_000
/** S3 refuses requests beyond 15 minutes. */
const worst = 10 * minute

/** How far this machine's clock is from the storage's own. */
export async function tryClock({ storage, now, call }: Site): Promise<TrialVerdict> {
  const before = now().getTime()
  const theirs = await storage.trial?.clock(call)
  if (theirs === undefined) return { result: 'unknown', detail: 'the storage tells no time' }
  // It was read somewhere between the question and the answer.
  const ours = (before + now().getTime()) / 2
  const difference = Math.abs(theirs.getTime() - ours)
  if (difference <= minute) return { result: 'good', detail: 'clocks agree within a minute' }
  return {
    result: difference > worst ? 'bad' : 'weak',
    detail: `this machine's clock is ${Math.round(difference / minute)} min ${theirs.getTime() > ours ? 'slow' : 'fast'}, by the storage's`,
    remedy: 'Set the clock of this machine, for example by NTP. Snapshots carry its time.',
  }
}
