import type { Command } from 'commander'
import { findDestination } from '../config/destination.ts'
import { requireHeads } from '../runs/openSnapshot.ts'
import { readableRecords } from '../runs/readableRecords.ts'
import { exitCodes, type ExitCode } from '../shared/errors.ts'
import type { RecordId, SnapshotRecord } from '../vault/record.ts'
import { listRecords, newestFirst, recordName } from '../vault/snapshots.ts'
import type { Context } from './context.ts'
import { examples } from './examples.ts'
import { expectHeadOption, knownHeads } from './knownHeads.ts'
import { openDestination } from './openDestination.ts'
import { formatBytes, formatCount, formatTime } from '../shared/format.ts'
import { renderTable, type Column } from './output/table.ts'

interface Options {
  from?: string
  all?: boolean
  expectHead?: RecordId
}

export function configure(command: Command): void {
  command
    .option('--from <name>', 'the destination, where there are several')
    .option('--all', 'also checkpoints, which runs leave on their way')
    .addOption(expectHeadOption())
    .addHelpText(
      'after',
      `
Lists what can be restored, the newest first. Exit code 3 when a record is damaged.
${examples([
  ['safelight snapshots', 'Lists the snapshots of the only destination.'],
  ['safelight snapshots --from cloud --json', 'The same of another one, for a program.'],
])}`,
    )
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const { from, all = false, expectHead } = command.opts<Options>()
  const config = context.loadConfig(['identity', 'destinations'])
  const destination = findDestination(config, from)
  await using opened = await openDestination(context, config, destination)
  const { vault } = opened
  const call = { signal: context.signal }
  const ids = await listRecords(vault, config.host, 0, call)
  requireHeads(ids, knownHeads(opened, expectHead))
  const { records, damaged } = await readableRecords(vault, config.host, ids, call)
  const shown = newestFirst(records)
    .map(({ record }) => record)
    .filter(({ complete }) => all || complete)
  const document = {
    destination: destination.name,
    location: vault.storage.location,
    host: config.host,
    snapshots: shown.map(documentOf),
    damaged: damaged.map(({ id, message }) => ({ id: recordName(id), message })),
  }
  context.output.result(document, (style) =>
    shown.length === 0
      ? `${destination.name}: no snapshot of host ${config.host} yet`
      : renderTable(columns, shown.map(rowOf), context.output.columns, (heading) => style('bold', heading)),
  )
  for (const { id, message } of damaged) {
    context.output.warn(`snapshot ${recordName(id)} can't be read: ${message}`)
  }
  return damaged.length > 0 ? exitCodes.partial : exitCodes.done
}

function documentOf(record: SnapshotRecord): unknown {
  const { created, complete, counts, changes, immich, postgres, database, crossCheck, sharpDrop, warnings } =
    record
  return {
    id: recordName(record),
    created,
    complete,
    counts,
    changes,
    immich,
    postgres,
    database: database && { key: database.key, taken: database.taken, size: database.plaintextSize },
    crossCheck,
    sharpDrop,
    warnings,
  }
}

const columns: Column[] = [
  { title: 'Snapshot' },
  { title: 'Created' },
  { title: 'Files', align: 'right' },
  { title: 'Size', align: 'right' },
  { title: 'Immich' },
  { title: 'Notes', shrinks: true },
]

function rowOf(record: SnapshotRecord): string[] {
  const { created, complete, counts, immich, database, sharpDrop, warnings } = record
  const notes = [
    complete ? '' : 'checkpoint',
    database ? '' : 'no database',
    sharpDrop ? 'sharp drop' : '',
    warnings.length > 0 ? `${warnings.length} warnings` : '',
  ]
  return [
    recordName(record),
    formatTime(new Date(created)),
    formatCount(counts.files),
    formatBytes(counts.bytes),
    immich?.version ?? '',
    notes.filter((note) => note !== '').join(', '),
  ]
}
