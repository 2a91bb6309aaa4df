import { formatDuration } from '../../shared/format.ts'
import type { EventOf } from '../event.ts'
import type { Words } from '../message.ts'
import { listOf, photoBackup, roughly, story, under, withAge } from './words.ts'

type Late = EventOf<'overdue'>['destinations'][number]

/** There should be a newer backup, and nobody knows of a failure. */
export function overdueMessage({ host, now, destinations }: EventOf<'overdue'>): Words {
  const isUnseen = destinations.some(({ unreachable }) => unreachable !== undefined)
  return {
    severity: 'bad',
    subject: subjectOf(destinations, photoBackup(host), now),
    text: story({
      happened: destinations.map((each) => whatIsLate(each, now)),
      safe: [whatIsSafe(destinations)],
      todo: [
        ...(isUnseen ? ["'safelight check' says what keeps a vault from being looked at."] : []),
        "Look whether the machine and the timer, cron job or CronJob that runs 'safelight backup' still do.",
        "'safelight status' shows more, and 'safelight backup' makes one now.",
      ],
    }),
  }
}

function subjectOf(destinations: readonly Late[], backup: string, now: Date): string {
  const names = listOf(destinations.map(({ destination }) => destination))
  const newest = newestOf(destinations)
  if (newest > 0) return `No ${backup} to ${names} for ${roughly(now.getTime() - newest)}`
  return destinations.every(({ unreachable }) => unreachable === undefined)
    ? `There is no ${backup} to ${names} yet`
    : `The ${backup} to ${names} can't be seen`
}

function whatIsLate({ destination, lastGood, expectEveryMs, unreachable }: Late, now: Date): string {
  if (!lastGood) {
    return unreachable === undefined
      ? `No good backup was ever made to ${destination}.`
      : under(`Whether there is a good backup at ${destination} can't be seen`, unreachable)
  }
  const expected = `One was expected every ${formatDuration(expectEveryMs)}.`
  if (unreachable === undefined)
    return `The last good backup to ${destination} is of ${withAge(lastGood, now)}. ${expected}`
  const known = `The last good backup to ${destination} that is known here is of ${withAge(lastGood, now)}. ${expected}`
  return under(`${known} Whether there is a newer one can't be seen`, unreachable)
}

function whatIsSafe(destinations: readonly Late[]): string {
  if (destinations.some(({ unreachable }) => unreachable !== undefined)) return 'That is not known.'
  return newestOf(destinations) === 0
    ? 'Nothing, as far as these destinations go.'
    : 'Everything that was there at that time.'
}

/** When the newest good backup was made, in milliseconds since 1970; 0 where there is none. */
function newestOf(destinations: readonly Late[]): number {
  return Math.max(...destinations.map(({ lastGood }) => lastGood?.getTime() ?? 0))
}
