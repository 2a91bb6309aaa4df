/* There is a new snapshot, but a person should look at something. */
import type { EventOf } from '../event.ts'
import type { Words } from '../message.ts'
import { listOf, photoBackup, snapshotLine, story, together, under } from './words.ts'

export function partialMessage({ host, destinations }: EventOf<'partial'>): Words {
  const names = listOf(destinations.map(({ destination }) => destination))
  return {
    severity: 'warning',
    subject: `The ${photoBackup(host)} to ${names} needs a look`,
    text: story({
      happened: [
        `There is a new backup at ${names}, but not everything in it is as it should be.`,
        ...warningLines(destinations),
      ],
      safe: [
        'Everything else, and all earlier snapshots.',
        ...destinations.map(({ destination, snapshot }) => under(destination, snapshotLine(snapshot))),
      ],
      todo: [
        'The output of the run names the files. Look at them: their permissions, their disk, and whether Immich shows them.',
        'The next backup tries them again.',
      ],
    }),
  }
}

export function sharpDropMessage({ host, destinations }: EventOf<'sharp-drop'>): Words {
  const names = listOf(destinations.map(({ destination }) => destination))
  const before = destinations.flatMap(({ destination, before: name }) =>
    name === undefined ? [] : [{ destination, text: name }],
  )
  const [first] = before
  return {
    severity: 'bad',
    subject: `Many photos are gone since the last ${photoBackup(host)}`,
    text: story({
      happened: [
        `The new backup at ${names} has much less than the one before.`,
        ...warningLines(destinations),
      ],
      safe: [
        'All that is gone from the library is still in the earlier snapshots. Nothing was removed from them.',
        ...before.map(({ destination, text }) => `At ${destination} the snapshot before is ${text}.`),
      ],
      todo: [
        'If you deleted these photos yourself: nothing.',
        'If not, look at the library first: is its disk mounted, and does Immich show the photos?',
        ...(first
          ? [
              `What is missing comes back with: safelight restore --from ${first.destination} --snapshot ${first.text} --to FOLDER`,
            ]
          : []),
      ],
    }),
  }
}

function warningLines(destinations: readonly { destination: string; warnings: string[] }[]): string[] {
  return together(destinations, ({ warnings }) => warnings.join('\n')).map((group) =>
    under(listOf(group.destinations), group.text),
  )
}
