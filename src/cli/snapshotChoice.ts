import { InvalidArgumentError, Option, type Command } from 'commander'
import type { SnapshotChoice } from '../runs/chooseSnapshot.ts'
import type { RecordId } from '../vault/record.ts'
import { expectHeadOption } from './knownHeads.ts'

/** What every command takes that reads one snapshot. */
export interface SnapshotOptions {
  from?: string
  snapshot?: string
  at?: Date
  expectHead?: RecordId
}

/** Adds the options that say which snapshot, and where. */
export function addSnapshotOptions(command: Command): Command {
  return command
    .option('--from <name>', 'the destination, where there are several')
    .addOption(
      new Option(
        '--snapshot <id>',
        'a snapshot other than the newest: 7, 7-0123456789abcdef, or the first digits of its run',
      ).conflicts('at'),
    )
    .option('--at <time>', 'the newest snapshot taken by then (UTC): 2026-05-01, 2026-05-01T12:00', parseTime)
    .addOption(expectHeadOption())
}

export function choiceOf({ snapshot, at }: SnapshotOptions): SnapshotChoice {
  return { snapshot, at }
}

/** A day means its end; a time without a zone is UTC, as all times that the program shows. */
function parseTime(text: string): Date {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text)
  const time = new Date(day ? `${text}T23:59:59.999Z` : zoned ? text : `${text.replace(' ', 'T')}Z`)
  if (Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError('It is a day or a time like 2026-05-01 or 2026-05-01T12:00.')
  }
  return time
}
