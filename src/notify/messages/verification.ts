import { formatNumberOf } from '../../shared/format.ts'
import type { EventOf, VerificationProblem } from '../event.ts'
import type { Words } from '../message.ts'
import { story, under, type Story } from './words.ts'

/** A verification that did not find everything good. */
export function verificationFailureMessage({
  host,
  destination,
  problem,
}: EventOf<'verification-failure'>): Words {
  const backup = host === 'main' ? 'The backup' : `The backup of ${host}`
  return {
    severity: problem.kind === 'damaged' ? 'bad' : 'warning',
    subject: {
      damaged: `${backup} at ${destination} is damaged`,
      incomplete: `${backup} at ${destination} could not be read entirely`,
      failed: `${backup} at ${destination} could not be verified`,
    }[problem.kind],
    text: story(storyOf(problem, destination)),
  }
}

function storyOf(problem: VerificationProblem, destination: string): Story {
  const again = `safelight verify-restore --from ${destination}`
  switch (problem.kind) {
    case 'damaged':
      return {
        happened: [
          `The verification found ${formatNumberOf(problem.findings, 'thing')} at ${destination} that ${problem.findings === 1 ? 'is' : 'are'} gone or not what was stored.`,
          under('Objects', problem.statement),
          `${formatNumberOf(problem.paths, 'file')} would not come back whole.`,
        ],
        safe: [
          'Everything else there. The library itself, and backups at other destinations, are not concerned.',
        ],
        todo: [
          'Delete nothing.',
          `See what it is with: ${again}`,
          'Look whether the storage keeps older versions of the objects that it names, and put those back.',
        ],
      }
    case 'incomplete':
      return {
        happened: [
          `The storage of ${destination} did not give everything: ${formatNumberOf(problem.findings, 'finding')}.`,
          under('Objects', problem.statement),
        ],
        safe: ['Nothing says that anything is damaged.'],
        todo: [`Look at the storage, and verify again: ${again}`],
      }
    case 'failed':
      return {
        happened: [under(destination, problem.message)],
        safe: ['That is not known, until a verification ends.'],
        todo: [problem.hint ?? `Try again: ${again}`],
      }
  }
}
