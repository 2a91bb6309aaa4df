import type { Command } from 'commander'
import type { Config, Destination } from '../config/config.ts'
import { findDestination } from '../config/destination.ts'
import { listRecords, readRecords, recordName, restorePoints, type StoredRecord } from '../vault/snapshots.ts'
import type { SnapshotRecord } from '../vault/record.ts'
import type { Context } from './context.ts'
import { examples } from './examples.ts'
import { openDestination } from './openDestination.ts'
import { formatBytes, formatCount, formatDuration, formatTime } from '../shared/format.ts'

/** Enough records to find the last restore point among the checkpoints of a run that is under way. */
const recordsRead = 64

export function configure(command: Command): void {
  command.option('--from <name>', 'one destination; without it, all of them').addHelpText(
    'after',
    `
Says for each destination when the last good backup was taken, and what it
holds.
${examples([['safelight status', 'Shows the last good backup of every destination.']])}`,
  )
}

export async function run(context: Context, command: Command): Promise<void> {
  const { from } = command.opts<{ from?: string }>()
  const config = context.loadConfig(['identity', 'destinations'])
  const destinations = from === undefined ? config.destinations : [findDestination(config, from)]
  const states: DestinationState[] = []
  for (const destination of destinations) states.push(await stateOf(context, config, destination))
  context.output.result(
    states.map(({ name, location, last, remembered }) => ({
      destination: name,
      location,
      last: last
        ? {
            id: recordName(last.record),
            created: last.record.created,
            counts: last.record.counts,
            warnings: last.record.warnings,
          }
        : null,
      remembered: remembered ? recordName(remembered) : null,
    })),
    () => states.map(describe).join('\n\n'),
  )
}

interface DestinationState {
  name: string
  location: string
  last: StoredRecord | undefined
  remembered: SnapshotRecord | undefined
  records: number
}

async function stateOf(
  context: Context,
  config: Config,
  destination: Destination,
): Promise<DestinationState> {
  await using opened = await openDestination(context, config, destination)
  const { vault, remembered } = opened
  const call = { signal: context.signal }
  const ids = await listRecords(vault, config.host, 0, call)
  const records = await readRecords(vault, config.host, ids.slice(-recordsRead), call)
  const [last] = restorePoints(records)
  return { name: destination.name, location: vault.storage.location, last, remembered, records: ids.length }
}

function describe({ name, location, last, records }: DestinationState): string {
  if (!last)
    return `${name}: no complete backup at ${location} yet${records > 0 ? ', a first one has begun' : ''}`
  const { record } = last
  const age = formatDuration(Date.now() - Date.parse(record.created))
  return [
    `${name}: last good backup ${age} ago`,
    `  snapshot   ${recordName(record)}, ${formatTime(new Date(record.created))}, at ${location}`,
    `  holds      ${formatCount(record.counts.files)} files, ${formatBytes(record.counts.bytes)}`,
    record.database
      ? `  database   Immich ${record.immich?.version ?? 'unknown'}, dumped ${formatTime(new Date(record.database.taken))}`
      : '  database   none',
    ...record.warnings.map((warning) => `  warning    ${warning}`),
  ].join('\n')
}
