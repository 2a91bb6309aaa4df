import type { EventOf } from '../event.ts'
import type { Words } from '../message.ts'
import { listOf, photoBackup, snapshotLine } from './words.ts'

type Standing = EventOf<'digest'>['destinations'][number]

/** How things stand, once a week: also that nothing is wrong is worth to know. */
export function digestMessage({ host, destinations }: EventOf<'digest'>): Words {
  const troubled = destinations.filter(needsLook)
  const names = listOf(troubled.map(({ destination }) => destination))
  return {
    severity: troubled.length > 0 ? 'warning' : 'good',
    subject:
      troubled.length > 0
        ? `Weekly ${photoBackup(host)} report: ${names} ${troubled.length > 1 ? 'need' : 'needs'} a look`
        : `Weekly ${photoBackup(host)} report: all is well`,
    text: destinations.map(standing).join('\n\n'),
  }
}

function needsLook({ snapshot, problems }: Standing): boolean {
  return snapshot === undefined || problems.length > 0
}

function standing({ destination, snapshot, isSeen, problems, coverage }: Standing): string {
  const none = isSeen ? 'There is no good backup yet.' : "Whether there is a good backup can't be seen."
  return [
    `${destination}:`,
    snapshot ? snapshotLine(snapshot) : none,
    ...problems.map(sentence),
    ...(coverage === undefined ? [] : [`Verified: ${coverage}.`]),
  ].join('\n  ')
}

function sentence(problem: string): string {
  return `${problem.slice(0, 1).toUpperCase()}${problem.slice(1)}.`
}
