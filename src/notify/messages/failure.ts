import type { EventOf } from '../event.ts'
import type { Words } from '../message.ts'
import { listOf, photoBackup, story, together, under, withAge } from './words.ts'

/** No new snapshot at one or several destinations. */
export function failureMessage({ host, now, failed, good }: EventOf<'failure'>): Words {
  const names = listOf(failed.map(({ destination }) => destination))
  const hints = new Set(failed.map(({ hint }) => hint).filter((hint) => hint !== undefined))
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
        ...safeLines(failed, now),
        ...(good.length > 0 ? [`The same run made a new backup at ${listOf(good)}.`] : []),
      ],
      todo: [
        ...(hints.size > 0 ? hints : ["Look with 'safelight check' what keeps it from working."]),
        ...(failed.every(({ isInDoubt }) => isInDoubt)
          ? []
          : ['The next backup goes on from where this one ended.']),
      ],
    }),
  }
}

/** What is left of earlier backups. That a failed run takes nothing away is no comfort where the vault itself is gone. */
function safeLines(failed: EventOf<'failure'>['failed'], now: Date): string[] {
  const inDoubt = failed.filter(({ isInDoubt }) => isInDoubt).map(({ destination }) => destination)
  const whole = failed.filter(({ isInDoubt }) => !isInDoubt).map(({ destination }) => destination)
  const where = inDoubt.length > 0 ? ` at ${listOf(whole)}` : ''
  const known = failed.flatMap(({ destination, lastGood }) =>
    lastGood ? [`The last good backup to ${destination} is of ${withAge(lastGood, now)}.`] : [],
  )
  return [
    ...(whole.length > 0
      ? [`Everything that was backed up before${where}: a failed run takes nothing away.`]
      : []),
    ...(inDoubt.length > 0
      ? [`Whether the earlier backups at ${listOf(inDoubt)} are still there is not known.`]
      : []),
    ...known,
  ]
}
