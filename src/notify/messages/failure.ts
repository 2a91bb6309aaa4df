import type { EventOf } from '../event.ts'
import type { Words } from '../message.ts'
import { listOf, photoBackup, story, together, under, withAge } from './words.ts'

/** No new snapshot at one or several destinations. */
export function failureMessage({ host, now, failed, good }: EventOf<'failure'>): Words {
  const names = listOf(failed.map(({ destination }) => destination))
  const hints = new Set(failed.map(({ hint }) => hint).filter((hint) => hint !== undefined))
  const known = failed.flatMap(({ destination, lastGood }) =>
    lastGood ? [`The last good backup to ${destination} is of ${withAge(lastGood, now)}.`] : [],
  )
  return {
    severity: 'bad',
    subject: `The ${photoBackup(host)} to ${names} failed`,
    text: story({
      happened: [
        `There is no new backup at ${names}.`,
        ...together(failed, ({ message }) => message).map(({ destinations, text }) =>
          under(listOf(destinations), text),
        ),
      ],
      safe: [
        'Everything that was backed up before: a failed run takes nothing away.',
        ...known,
        ...(good.length > 0 ? [`The same run made a new backup at ${listOf(good)}.`] : []),
      ],
      todo: [
        ...(hints.size > 0 ? hints : ["Look with 'safelight check' what keeps it from working."]),
        'The next backup goes on from where this one ended.',
      ],
    }),
  }
}
