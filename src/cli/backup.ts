import { Option, type Command } from 'commander'
import type { Config, Destination } from '../config/config.ts'
import { findDestination } from '../config/destination.ts'
import { backup } from '../runs/backup/backup.ts'
import { exitCodeOf } from '../runs/backup/exitCode.ts'
import type { PartShare } from '../runs/backup/parts/part.ts'
import type { BackupEnd } from '../runs/backup/plan.ts'
import type { BackupProgress } from '../runs/backup/progress.ts'
import { UserError, type ExitCode } from '../shared/errors.ts'
import { planOf, targetsOf } from './backupPlan.ts'
import { backUpAndTell } from './backUpAndTell.ts'
import type { Context } from './context.ts'
import { examples } from './examples.ts'
import { progressLine } from './output/backupProgress.ts'
import { documentWithForecast, summaryWithForecast } from './output/dryRunSummary.ts'
import { fitFields } from './output/field.ts'
import { openIdentity } from './openIdentity.ts'
import { parsePart, partOf } from './part.ts'
import { pricingOf } from './pricing.ts'
import { tellBackup } from './tellBackup.ts'

interface Options {
  to?: string[]
  dryRun?: boolean
  only?: 'files' | 'database'
  force?: boolean
  part?: PartShare
  job?: string
}

export function configure(command: Command): void {
  command
    .option('--to <name>', 'a destination, as often as wanted; without it, all of them', collect)
    .option('--dry-run', 'only say what would be found and stored, and what it would cost')
    .addOption(new Option('--only <part>', 'back up one part').choices(['files', 'database']))
    .option('--force', 'go on although a run on another machine may be alive')
    .addOption(
      new Option('--part <i/n>', 'take one part of a backup that several machines take together')
        .argParser(parsePart)
        .conflicts(['dryRun', 'only']),
    )
    .option('--job <name>', 'what all parts of one backup have in common')
    .option('--status', "the same as 'safelight status'")
    .option('--check', "the same as 'safelight check'")
    .option('--setup <type>', "the same as 'safelight setup <type>'")
    .option('--reset', "the same as 'safelight reset'")
    .addHelpText(
      'after',
      `
A file is read once for all destinations. One that is slow or fails does not
stop the others: each has its own snapshot, and its own result. One that fails
for what may pass is tried again, after half a minute and later.

A run that was interrupted goes on where it was. While a run is alive, another
one is refused. --force only helps against a run on another machine that was
heard of lately and is known to be dead; never against one on this machine.

With --part and --job several machines share one backup, each with a state folder
of its own: each stores the files of its part, and whoever ends last makes the
snapshot. Part 0 dumps the database. A part that died is taken again with the
same words, on any machine; the next backup needs another name.

The story of the last run is in backup.log, in the state folder. Where stdout is
no terminal, it goes there as JSON lines; with --json there is one document at
the end instead.

Exit codes: 0 done, 3 done but something could not be read or looks wrong,
10 no vault there, 11 another run is using the destination, 12 wrong key,
130 interrupted, 1 anything else. With several destinations the worst one
counts: 1 when any failed, unless all of them failed in the same way.
${examples([
  ['safelight backup', 'Backs up the library and the database to every destination.'],
  ['safelight backup --to disk --to cloud', 'Backs up to two destinations.'],
  ['safelight backup --to disk --only database', 'Only dumps the database, to one destination.'],
  [
    'safelight backup --part 2/4 --job 2026-11-21',
    'Takes the third of four parts of the backup of that name.',
  ],
  ['safelight backup --dry-run', 'Shows what a backup would find, store and cost. It reads no file.'],
])}`,
    )
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const options = command.opts<Options>()
  if (options.dryRun) return await backUpAsTold(context, options, () => undefined)
  return await tellBackup(context, options.to, async (ended) => await backUpAsTold(context, options, ended))
}

async function backUpAsTold(
  context: Context,
  options: Options,
  ended: (ends: readonly BackupEnd[]) => void,
): Promise<ExitCode> {
  const config = context.loadConfig(needsOf(options.only))
  const destinations = chosen(config, options.to)
  const ends = await backUp(context, config, destinations, options)
  ended(ends)
  for (const { destination, warnings = [] } of ends)
    for (const warning of warnings) context.output.warn(`${destination}: ${warning}`)
  const [end, second] = ends
  if (end && !end.result && !second) throw end.error
  if (options.dryRun || !context.output.toLog) tellEnds(context, config, ends)
  context.signal.throwIfAborted()
  return conclude(ends)
}

function tellEnds({ output }: Context, config: Config, ends: readonly BackupEnd[]): void {
  const pricing = pricingOf(config)
  output.result(
    ends.map((end) => documentWithForecast(end, pricing)),
    () => fitFields(ends.map((end) => summaryWithForecast(end, pricing)).join('\n\n'), output.columns),
  )
}

function collect(name: string, names: string[] = []): string[] {
  return [...names, name]
}

/** The destinations of these names, each once, in the order of the configuration. */
function chosen(config: Config, names: readonly string[] | undefined): readonly Destination[] {
  if (names === undefined) return config.destinations
  const wanted = names.map((name) => findDestination(config, name))
  return config.destinations.filter((destination) => wanted.includes(destination))
}

function needsOf(only: Options['only']): Parameters<Context['loadConfig']>[0] {
  if (only === 'database') return ['database', 'identity', 'destinations']
  if (only === 'files') return ['library', 'identity', 'destinations']
  return ['library', 'database', 'identity', 'destinations']
}

async function backUp(
  context: Context,
  config: Config,
  destinations: readonly Destination[],
  { dryRun, only, force = false, part, job }: Options,
): Promise<BackupEnd[]> {
  const identity = await openIdentity(config, context)
  const targets = targetsOf(context, config, destinations, identity)
  const plan = planOf(config, { only, dryRun, part: partOf({ part, job }, config.host) })
  if (!dryRun) return await backUpAndTell(context, config, { plan, targets, force })
  using progress = context.output.startProgress()
  const onProgress = (state: BackupProgress): void => progress.update(progressLine(state))
  return await backup({ ...plan, onProgress, signal: context.signal }, targets)
}

/** @throws UserError when a destination failed: with the exit code of all, or with the one for anything. */
function conclude(ends: readonly BackupEnd[]): ExitCode {
  const failed = ends.filter(({ result }) => result === undefined)
  if (failed.length === 0) return exitCodeOf(ends)
  throw new UserError(
    `the backup to ${failed.length} of ${ends.length} destinations failed; the others are as told above`,
    { exitCode: exitCodeOf(ends), cause: failed[0]?.error },
  )
}
