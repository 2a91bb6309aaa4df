import type { Command } from 'commander'
import { referenceForms } from '../config/secret.ts'
import { parseDatabaseUrl } from '../immich/databaseUrl.ts'
import { describeDatabase } from '../immich/settings.ts'
import { findDestination } from '../config/destination.ts'
import { findSnapshot } from '../runs/openSnapshot.ts'
import { restoreDatabase } from '../runs/restore/restoreDatabase.ts'
import { recordName } from '../vault/snapshots.ts'
import type { Context } from './context.ts'
import { examples } from './examples.ts'
import { knownHeads } from './knownHeads.ts'
import { openDestination } from './openDestination.ts'
import { formatCount, formatTime } from '../shared/format.ts'
import { addSnapshotOptions, choiceOf, type SnapshotOptions } from './snapshotChoice.ts'

interface Options extends SnapshotOptions {
  into: string
  overwrite?: boolean
}

export function configure(command: Command): void {
  command.requiredOption(
    '--into <reference>',
    `where the URL of the database is: ${referenceForms}, never the URL itself`,
  )
  addSnapshotOptions(command)
    .option('--overwrite', 'replace what is in the database, and end every other connection to it')
    .addHelpText(
      'after',
      `
Loads the database dump of a snapshot into a PostgreSQL database, which must be there and empty. All of it is one
transaction: when anything goes wrong, the database is as it was. Stop Immich first when it uses that database.
${examples([
  ['safelight restore-database --into env:NEW_DB_URL', 'Loads the dump of the newest snapshot.'],
  [
    'safelight restore-database --into file:/run/secrets/url --snapshot 7 --overwrite',
    'Puts the database back to snapshot 7.',
  ],
])}`,
    )
}

export async function run(context: Context, command: Command): Promise<void> {
  const options = command.opts<Options>()
  const config = context.loadConfig(['identity', 'destinations'])
  const settings = parseDatabaseUrl(context.resolveSecret(options.into, '--into').reveal())
  const destination = findDestination(config, options.from)
  await using opened = await openDestination(context, config, destination)
  const { vault, identity } = opened
  const { record, warnings } = await findSnapshot(vault, {
    host: config.host,
    choice: choiceOf(options),
    knownHeads: knownHeads(opened, options.expectHead),
    signal: context.signal,
  })
  for (const warning of warnings) context.output.warn(warning)
  using progress = context.output.startProgress()
  const counts = await restoreDatabase({
    vault,
    identity,
    record,
    settings,
    overwrite: options.overwrite ?? false,
    onProgress: (bytesDone, bytesTotal) =>
      progress.update({ filesDone: 0, filesTotal: 1, bytesDone, bytesTotal }),
    signal: context.signal,
  })
  const { tableRows, ...immich } = counts
  const rows = [...tableRows.values()].reduce((sum, n) => sum + n, 0)
  const target = describeDatabase(settings)
  const document = {
    destination: destination.name,
    snapshot: { id: recordName(record), created: record.created },
    database: target,
    taken: record.database?.taken,
    tables: tableRows.size,
    rows,
    counts: immich,
  }
  context.output.result(
    document,
    () =>
      `${destination.name}: the database of snapshot ${recordName(record)}, dumped ${formatTime(new Date(record.database?.taken ?? record.created))}, is in ${target}: ${formatCount(rows)} rows in ${formatCount(tableRows.size)} tables, all counted`,
  )
}
