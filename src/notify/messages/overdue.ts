import { formatDuration } from '../../shared/format.ts'
import type { EventOf } from '../event.ts'
import type { Words } from '../message.ts'
import { listOf, photoBackup, roughly, story, withAge } from './words.ts'

/** There should be a newer backup, and nobody knows of a failure. */
export function overdueMessage({ host, now, destinations }: EventOf<'overdue'>): Words {
  const names = listOf(destinations.map(({ destination }) => destination))
  const newest = Math.max(...destinations.map(({ lastGood }) => lastGood?.getTime() ?? 0))
  return {
    severity: 'bad',
    subject:
      newest === 0
        ? `There is no ${photoBackup(host)} to ${names} yet`
        : `No ${photoBackup(host)} to ${names} for ${roughly(now.getTime() - newest)}`,
    text: story({
      happened: destinations.map(({ destination, lastGood, expectEveryMs }) =>
        lastGood
          ? `The last good backup to ${destination} is of ${withAge(lastGood, now)}. One was expected every ${formatDuration(expectEveryMs)}.`
          : `No good backup was ever made to ${destination}.`,
      ),
      safe: [
        newest === 0
          ? 'Nothing, as far as these destinations go.'
          : 'Everything that was there at that time.',
      ],
      todo: [
        "Look whether the machine and the timer, cron job or CronJob that runs 'safelight backup' still do.",
        "'safelight status' shows more, and 'safelight backup' makes one now.",
      ],
    }),
  }
}
