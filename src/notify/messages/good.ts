/* Good news. */
import type { EventOf } from '../event.ts'
import type { Words } from '../message.ts'
import { listOf, photoBackup, snapshotLine, story, under, withAge } from './words.ts'

export function recoveryMessage({ host, now, what, destinations }: EventOf<'recovery'>): Words {
  const names = listOf(destinations.map(({ destination }) => destination))
  const isBackup = what === 'backup'
  return {
    severity: 'good',
    subject: isBackup
      ? `The ${photoBackup(host)} to ${names} works again`
      : `The ${photoBackup(host)} at ${names} is verified again`,
    text: story({
      happened: destinations.map(({ destination, since }) =>
        isBackup
          ? `There is a good backup at ${destination} again, for the first time since ${withAge(since, now)}.`
          : `The verification of ${destination} found nothing wrong any more. It had, since ${withAge(since, now)}.`,
      ),
      safe: destinations.map(({ destination, snapshot }) =>
        under(destination, snapshot ? snapshotLine(snapshot) : 'everything that was verified.'),
      ),
      todo: [],
    }),
  }
}

export function firstSuccessMessage({ host, destinations }: EventOf<'first-success'>): Words {
  const names = listOf(destinations.map(({ destination }) => destination))
  return {
    severity: 'good',
    subject: `The first ${photoBackup(host)} to ${names} is done`,
    text: story({
      happened: [`There is a first whole backup at ${names}. From now on only what is new is stored.`],
      safe: destinations.map(({ destination, snapshot, immich }) =>
        under(
          destination,
          `${snapshotLine(snapshot)} ${immich === undefined ? 'It has no database.' : `With it is the database of Immich ${immich}.`}`,
        ),
      ),
      todo: [
        'Make sure that copies of the identity and the recovery sheet lie away from this machine: without an identity nobody can read the backup.',
        "Prove that it comes back: 'safelight verify-restore', now and then.",
      ],
    }),
  }
}
