import type { TrialVerdict } from '../trial.ts'
import type { Site } from './site.ts'

const minute = 60_000
/** S3 refuses requests beyond 15 minutes. */
const worst = 10 * minute

/** How far this machine's clock is from the storage's own. */
export async function tryClock({ storage, now, call }: Site): Promise<TrialVerdict> {
  const ask = async () => await storage.trial?.clock(call)
  return await compareClocks(ask, { now, whose: "the storage's" })
}

/**
 * How far this machine's clock is from another's.
 * @param ask gives the other's time; undefined where it tells none.
 * @param whose the other's, as a word: `the storage's`.
 */
export async function compareClocks(
  ask: () => Promise<Date | undefined>,
  { now, whose }: { now: () => Date; whose: string },
): Promise<TrialVerdict> {
  const before = now().getTime()
  const theirs = await ask()
  if (theirs === undefined) return { result: 'unknown', detail: 'the other one tells no time' }
  // It was read somewhere between the question and the answer.
  const ours = (before + now().getTime()) / 2
  const difference = Math.abs(theirs.getTime() - ours)
  if (difference <= minute) return { result: 'good', detail: 'clocks agree within a minute' }
  return {
    result: difference > worst ? 'bad' : 'weak',
    detail: `this machine's clock is ${Math.round(difference / minute)} min ${theirs.getTime() > ours ? 'slow' : 'fast'}, by ${whose}`,
    remedy: 'Set the clock of this machine, for example by NTP. Snapshots carry its time.',
  }
}
