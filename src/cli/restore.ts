import { resolve } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Config, Destination } from '../config/config.ts'
import { findDestination } from '../config/destination.ts'
import { openSnapshot } from '../runs/openSnapshot.ts'
import type { Overwrite } from '../runs/restore/overwrite.ts'
import type { ProtectedFolder } from '../runs/restore/protect.ts'
import { restore, type RestoreProgress } from '../runs/restore/restore.ts'
import { exitCodes, type ExitCode } from '../shared/errors.ts'
import type { Context } from './context.ts'
import { examples } from './examples.ts'
import { knownHeads } from './knownHeads.ts'
import { openDestination } from './openDestination.ts'
import { fitFields } from './output/field.ts'
import { restoreDocument, restoreSummary } from './output/restoreSummary.ts'
import { scratchFolder } from './scratchFolder.ts'
import { addSnapshotOptions, choiceOf, type SnapshotOptions } from './snapshotChoice.ts'
import { addThawOptions, thawChoice, type ThawOptions } from './thawOptions.ts'

interface Options extends SnapshotOptions, ThawOptions {
  to: string
  path?: string
  contentOnly?: boolean
  overwrite: Overwrite
}

export function configure(command: Command): void {
  command.requiredOption('--to <folder>', 'the folder to restore to; made when it is not there', parseFolder)
  addThawOptions(addSnapshotOptions(command))
    .option('--path <glob>', "only what fits, for example 'library/alice/2024/**'; a folder means all in it")
    .option('--content-only', 'bytes only: leave owners, modes and times alone')
    .addOption(
      new Option('--overwrite <when>', 'replace files that are there and differ')
        .choices(['never', 'changed', 'always'])
        .default('never'),
    )
    .addHelpText(
      'after',
      `
The folder becomes a media root as Immich expects it: all six folders with their markers, further sources below
sources/, and the database dump in backups/, where Immich's own restore finds it. With --path, it gets only what fits.
Nothing is ever written outside of it, and nothing into the library.

A restore that was interrupted goes on when it is run again: files of the right size and time are there already.

Objects in an archive class (Glacier, Deep Archive) have to be thawed before they can be read. Without --thaw, nothing is
restored then, and the costs are told; with it, just what is needed is thawed, and a later call, or --wait, restores it.

Exit codes: 0 done, 3 done but some paths could not be restored, or they have to thaw first, 10 no vault there or a known snapshot is hidden, 12
wrong key, 130 interrupted, 1 anything else.
${examples([
  ['safelight restore --to /srv/restored', 'Restores the newest snapshot.'],
  ['safelight restore --to /srv/may --at 2026-05-01', 'Restores the library as it was on that day.'],
  [
    "safelight restore --to /tmp/look --path 'library/alice/2024/**' --content-only",
    'Fetches some files to look at them.',
  ],
  [
    'safelight restore --from cloud --snapshot 7 --to /srv/restored --overwrite changed',
    'Puts everything back to snapshot 7.',
  ],
  [
    'safelight restore --from glacier --to /srv/restored --thaw bulk --wait',
    'Thaws all of it the cheapest way, waits for two days, and restores it.',
  ],
])}`,
    )
}

/** An empty name would be the folder that one is in: mostly it is a variable of a script that was not set. */
function parseFolder(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is the name of a folder.')
  return text
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const options = command.opts<Options>()
  const config = context.loadConfig(['identity', 'destinations'])
  const destination = findDestination(config, options.from)
  const to = resolve(context.cwd, options.to)
  await using opened = await openDestination(context, config, destination)
  const { vault, storage, identity } = opened
  using progress = context.output.startProgress()
  await using snapshot = await openSnapshot(vault, {
    host: config.host,
    choice: choiceOf(options),
    knownHeads: knownHeads(opened, options.expectHead),
    folder: await scratchFolder(config.state),
    signal: context.signal,
  })
  for (const warning of snapshot.warnings) context.output.warn(warning)
  const result = await restore({
    vault,
    storage,
    identity,
    snapshot,
    to,
    path: options.path,
    contentOnly: options.contentOnly ?? false,
    overwrite: options.overwrite,
    thawing: thawChoice(options, context.output),
    protectedFolders: protectedFolders(config, destination),
    now: () => new Date(),
    onProgress: (state) => progress.update(progressLine(state)),
    signal: context.signal,
  })
  const end = {
    destination: destination.name,
    location: vault.storage.location,
    record: snapshot.record,
    result,
  }
  context.output.result(restoreDocument(end), () => fitFields(restoreSummary(end), context.output.columns))
  const isWhole = result.tally.problemCount === 0 && result.pending.total.objects === 0
  return isWhole ? exitCodes.done : exitCodes.partial
}

function protectedFolders(config: Config, destination: Destination): ProtectedFolder[] {
  return [
    ...(config.library === undefined ? [] : [{ path: config.library, name: 'the library' }]),
    ...config.sources.map(({ path, name }) => ({ path, name: `the source ${name}` })),
    ...[destination, ...config.destinations].flatMap((one) =>
      one.type === 'local' ? [{ path: one.path, name: `the vault of destination ${one.name}` }] : [],
    ),
    { path: config.state, name: 'the state directory' },
  ]
}

const phases: Record<RestoreProgress['phase'], string> = {
  files: '',
  folders: 'setting the metadata of folders',
  flushing: 'waiting for the disk',
}

function progressLine({ phase, ...amounts }: RestoreProgress) {
  return { ...amounts, current: phases[phase] }
}
