import { Option, type Command } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import type { Config, Destination } from '../config/config.ts'
import { databaseSettings } from '../config/database.ts'
import { findDestination } from '../config/destination.ts'
import type { Identity } from '../crypto/identity.ts'
import { libraryFolders } from '../immich/folders.ts'
import { backup } from '../runs/backup/backup.ts'
import { usualCheckpointInterval } from '../runs/backup/checkpoints.ts'
import type { BackupEnd, BackupPlan, DestinationVault } from '../runs/backup/plan.ts'
import type { BackupProgress } from '../runs/backup/progress.ts'
import type { FolderSource } from '../runs/backup/source.ts'
import { rememberedRecord } from '../runs/stateFolder.ts'
import { exitCodes, UserError, type ExitCode } from '../shared/errors.ts'
import { printablePath } from '../shared/bytePath.ts'
import type { RecordId } from '../vault/record.ts'
import { recordName } from '../vault/snapshots.ts'
import type { Vault } from '../vault/vault.ts'
import type { Context } from './context.ts'
import { dataRecipients } from './dataRecipients.ts'
import { examples } from './examples.ts'
import { documentWithForecast, summaryWithForecast } from './output/dryRunSummary.ts'
import { describeError } from './output/errors.ts'
import { openDestination, pinnedHostFolder } from './openDestination.ts'
import { openIdentity } from './openIdentity.ts'
import { pricingOf } from './pricing.ts'

interface Options {
  to?: string[]
  dryRun?: boolean
  only?: 'files' | 'database'
}

export function configure(command: Command): void {
  command
    .option('--to <name>', 'a destination, as often as wanted; without it, all of them', collect)
    .option('--dry-run', 'only say what would be found and stored, and what it would cost')
    .addOption(new Option('--only <part>', 'back up one part').choices(['files', 'database']))
    .addHelpText(
      'after',
      `
A file is read once for all destinations. One that is slow or fails does not
stop the others: each has its own snapshot, and its own result.

Exit codes: 0 done, 3 done but something could not be read or looks wrong,
10 no vault there, 11 another run holds the state directory, 12 wrong key,
130 interrupted, 1 anything else. With several destinations the worst one
counts: 1 when any failed, unless all of them failed in the same way.
${examples([
  ['safelight backup', 'Backs up the library and the database to every destination.'],
  ['safelight backup --to disk --to cloud', 'Backs up to two destinations.'],
  ['safelight backup --to disk --only database', 'Only dumps the database, to one destination.'],
  ['safelight backup --dry-run', 'Shows what a backup would find, store and cost. It reads no file.'],
])}`,
    )
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const options = command.opts<Options>()
  const config = context.loadConfig(needsOf(options.only))
  const destinations = chosen(config, options.to)
  const ends = await backUp(context, config, destinations, options)
  const [end, second] = ends
  if (end && !end.result && !second) throw end.error
  tellEnds(context, config, ends)
  context.signal.throwIfAborted()
  return exitCodeOf(ends)
}

function tellEnds({ output }: Context, config: Config, ends: readonly BackupEnd[]): void {
  const pricing = pricingOf(config)
  output.result(
    ends.map((end) => documentWithForecast(end, pricing)),
    () => ends.map((end) => summaryWithForecast(end, pricing)).join('\n\n'),
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
  { dryRun, only }: Options,
): Promise<BackupEnd[]> {
  const identity = await openIdentity(config, context)
  using progress = context.output.startProgress()
  const plan: BackupPlan = {
    host: config.host,
    sources: sourcesOf(config),
    ignore: config.ignore,
    compare: config.compare,
    oneFileSystem: config.oneFileSystem,
    database: databaseOf(config, only),
    only,
    dryRun,
    program: `safelight ${packageJson.version}`,
    checkpointEvery: usualCheckpointInterval,
    now: () => new Date(),
    onProgress: (state) => progress.update(progressLine(state)),
    onEnd: (end) => {
      if (destinations.length > 1 && !context.signal.aborted) tellEnd(context, end)
    },
    signal: context.signal,
  }
  const targets = destinations.map((destination) => ({
    name: destination.name,
    open: async () => await openForBackup(context, config, destination, identity),
  }))
  return await backup(plan, targets)
}

async function openForBackup(
  context: Context,
  config: Config,
  destination: Destination,
  identity: Identity,
): Promise<DestinationVault> {
  await using stack = new AsyncDisposableStack()
  const opened = stack.use(await openDestination(context, config, destination, identity))
  const { vault, storage, folder } = opened
  requireSameMode(config, vault)
  const owned = stack.move()
  return {
    vault,
    storage,
    identity,
    recipients: dataRecipients(config, identity),
    folder,
    heads: () => headsOfOthers(config, destination),
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  }
}

/** One of several has its end: the others may take hours. */
function tellEnd({ output }: Context, { destination, result, error }: BackupEnd): void {
  if (result) {
    if (result.snapshot) output.note(`${destination}: snapshot ${recordName(result.snapshot.record)}`)
    return
  }
  output.warn(`destination ${destination} failed`)
  output.fail(error)
}

/** @throws UserError when a destination failed: with the exit code of all, or with the one for anything. */
function exitCodeOf(ends: readonly BackupEnd[]): ExitCode {
  const failed = ends.filter(({ error }) => error !== undefined)
  if (failed.length === 0) return Math.max(...ends.map(({ result }) => result?.exitCode ?? 0)) as ExitCode
  const codes = new Set(failed.map(({ error }) => describeError(error).exitCode))
  const [code = exitCodes.failed] = failed.length === ends.length && codes.size === 1 ? codes : []
  throw new UserError(
    `the backup to ${failed.length} of ${ends.length} destinations failed; the others are as told above`,
    { exitCode: code as ExitCode, cause: failed[0]?.error },
  )
}

/** Whether an identity was ever a recipient of data keys can't be undone, so a vault is of one mode for ever. */
function requireSameMode(config: Config, vault: Vault): void {
  if (config.writeOnly === vault.writeOnly) return
  throw new UserError(
    vault.writeOnly
      ? 'the vault is in write-only mode, and the configuration is not'
      : 'the configuration asks for write-only mode, and this vault was created without it',
    {
      hint: vault.writeOnly
        ? 'Set `writeOnly: true`, with the recovery recipients of the vault.'
        : "Make a new vault for it with 'safelight init' at another place: this one's identity can open what it holds.",
    },
  )
}

function sourcesOf(config: Config): FolderSource[] {
  const { library } = config
  const own = libraryFolders
    .filter((folder) => library !== undefined && config.include.includes(folder))
    .map((folder) => ({ treePath: folder, root: `${library}/${folder}`, immich: true }))
  const further = [...config.sources]
    .sort((a, b) => a.priority - b.priority)
    .map(({ name, path }) => ({ treePath: `sources/${name}`, root: path, immich: false }))
  return [...own, ...further]
}

function databaseOf(config: Config, only: Options['only']): BackupPlan['database'] {
  if (!config.database || only === 'files') return undefined
  return {
    settings: databaseSettings(config.database),
    serverUrl: config.immichServer,
    configuredVersion: config.immichVersion,
  }
}

/** What this machine knows of the other destinations: a vault that hides its newest records is betrayed by another. */
function headsOfOthers(config: Config, destination: Destination): Record<string, RecordId> {
  const heads: Record<string, RecordId> = {}
  for (const other of config.destinations) {
    const folder = other.name === destination.name ? undefined : pinnedHostFolder(config, other)
    const record = folder === undefined ? undefined : rememberedRecord(folder)
    if (record) heads[other.name] = { sequence: record.sequence, runId: record.runId }
  }
  return heads
}

const phases: Record<BackupProgress['phase'], string> = {
  opening: 'opening the vault',
  database: 'dumping the database',
  scanning: 'looking for changes',
  storing: '',
  checking: 'checking files against the database',
  committing: 'committing',
}

function progressLine({ phase, filesDone, filesTotal, bytesDone, bytesTotal, current }: BackupProgress) {
  if (phase === 'storing') {
    return {
      filesDone,
      filesTotal,
      bytesDone,
      bytesTotal,
      current: current === undefined ? '' : printablePath(current),
    }
  }
  return { filesDone, bytesDone, current: phases[phase] }
}
