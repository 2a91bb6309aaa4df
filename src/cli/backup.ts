import { Option, type Command } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import type { Config, Destination } from '../config/config.ts'
import { databaseSettings } from '../config/database.ts'
import { findDestination } from '../config/destination.ts'
import { libraryFolders } from '../immich/folders.ts'
import { backup, type BackupOptions, type BackupResult } from '../runs/backup/backup.ts'
import { usualCheckpointInterval } from '../runs/backup/checkpoints.ts'
import type { BackupProgress } from '../runs/backup/progress.ts'
import type { FolderSource } from '../runs/backup/source.ts'
import { rememberedRecord } from '../runs/stateFolder.ts'
import { exitCodes, UserError, type ExitCode } from '../shared/errors.ts'
import { printablePath } from '../shared/bytePath.ts'
import type { RecordId } from '../vault/record.ts'
import type { Vault } from '../vault/vault.ts'
import type { Context } from './context.ts'
import { dataRecipients } from './dataRecipients.ts'
import { examples } from './examples.ts'
import { backupDocument, backupSummary } from './output/backupSummary.ts'
import { openDestination, pinnedHostFolder } from './openDestination.ts'

interface Options {
  to?: string
  dryRun?: boolean
  only?: 'files' | 'database'
}

export function configure(command: Command): void {
  command
    .option('--to <name>', 'one destination; without it, all of them, one after the other')
    .option('--dry-run', 'only say what would be read and stored')
    .addOption(new Option('--only <part>', 'back up one part').choices(['files', 'database']))
    .addHelpText(
      'after',
      `
Exit codes: 0 done, 3 done but something could not be read or looks wrong,
10 no vault there, 11 another run holds the state directory, 12 wrong key,
130 interrupted, 1 anything else.
${examples([
  ['safelight backup', 'Backs up the library and the database to every destination.'],
  ['safelight backup --to disk --only database', 'Only dumps the database, to one destination.'],
  ['safelight backup --dry-run', 'Shows what a backup would read.'],
])}`,
    )
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const { to, dryRun = false, only } = command.opts<Options>()
  const config = context.loadConfig(needsOf(only))
  const destinations = to === undefined ? config.destinations : [findDestination(config, to)]
  const ends: { destination: string; document: unknown; text: string }[] = []
  let worst: ExitCode = exitCodes.done
  const failures: unknown[] = []
  for (const destination of destinations) {
    try {
      const { result, location } = await backUpTo(context, config, destination, { dryRun, only })
      worst = Math.max(worst, result.exitCode) as ExitCode
      const end = { destination: destination.name, location, result }
      ends.push({ destination: destination.name, document: backupDocument(end), text: backupSummary(end) })
    } catch (error) {
      context.signal.throwIfAborted()
      if (destinations.length === 1) throw error
      failures.push(error)
      context.output.warn(`destination ${destination.name} failed`)
      context.output.fail(error)
    }
  }
  context.output.result(
    ends.map(({ document }) => document),
    () => ends.map(({ text }) => text).join('\n\n'),
  )
  if (failures.length > 0) {
    const names = `${failures.length} of ${destinations.length}`
    throw new UserError(`the backup to ${names} destinations failed; the others are as told above`, {
      cause: failures[0],
    })
  }
  return worst
}

function needsOf(only: Options['only']): Parameters<Context['loadConfig']>[0] {
  if (only === 'database') return ['database', 'identity', 'destinations']
  if (only === 'files') return ['library', 'identity', 'destinations']
  return ['library', 'database', 'identity', 'destinations']
}

async function backUpTo(
  context: Context,
  config: Config,
  destination: Destination,
  { dryRun, only }: { dryRun: boolean; only: Options['only'] },
): Promise<{ result: BackupResult; location: string }> {
  await using opened = await openDestination(context, config, destination)
  const { vault, identity, storage, folder } = opened
  requireSameMode(config, vault)
  using progress = context.output.startProgress()
  const options: BackupOptions = {
    vault,
    storage,
    host: config.host,
    identity,
    recipients: dataRecipients(config, identity),
    folder,
    sources: sourcesOf(config),
    ignore: config.ignore,
    compare: config.compare,
    oneFileSystem: config.oneFileSystem,
    database: databaseOf(config, only),
    only,
    dryRun,
    heads: headsOfOthers(config, destination),
    program: `safelight ${packageJson.version}`,
    checkpointEvery: usualCheckpointInterval,
    now: () => new Date(),
    onProgress: (state) => progress.update(progressLine(state)),
    signal: context.signal,
  }
  return { result: await backup(options), location: vault.storage.location }
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

function databaseOf(config: Config, only: Options['only']): BackupOptions['database'] {
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
