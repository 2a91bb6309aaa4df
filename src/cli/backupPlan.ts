import packageJson from '../../package.json' with { type: 'json' }
import type { Config, Destination } from '../config/config.ts'
import { databaseSettings } from '../config/database.ts'
import type { Identity } from '../crypto/identity.ts'
import { usualCheckpointInterval } from '../runs/backup/checkpoints.ts'
import type { BackupDestination, BackupPlan, DestinationVault } from '../runs/backup/plan.ts'
import { requireSameMode } from '../runs/sameMode.ts'
import { rememberedRecord } from '../runs/stateFolder.ts'
import type { RecordId } from '../vault/record.ts'
import type { Context } from './context.ts'
import { dataRecipients } from './dataRecipients.ts'
import { folderSources } from './folderSources.ts'
import { openDestination, pinnedHostFolder } from './openDestination.ts'

/** What a backup takes, as the configuration has it. */
export function planOf(
  config: Config,
  { only, dryRun, part }: Pick<BackupPlan, 'only' | 'dryRun' | 'part'>,
): Omit<BackupPlan, 'onProgress' | 'onEnd' | 'signal'> {
  return {
    host: config.host,
    sources: folderSources(config),
    ignore: config.ignore,
    compare: config.compare,
    oneFileSystem: config.oneFileSystem,
    database: databaseOf(config, only),
    only,
    dryRun,
    part,
    program: `safelight ${packageJson.version}`,
    checkpointEvery: usualCheckpointInterval,
    now: () => new Date(),
  }
}

/** Destinations of the configuration, as a backup takes them. */
export function targetsOf(
  context: Context,
  config: Config,
  destinations: readonly Destination[],
  identity: Identity,
): BackupDestination[] {
  return destinations.map((destination) => ({
    name: destination.name,
    open: async () => await openForBackup(context, config, destination, identity),
  }))
}

async function openForBackup(
  context: Context,
  config: Config,
  destination: Destination,
  identity: Identity,
): Promise<DestinationVault> {
  await using stack = new AsyncDisposableStack()
  const opened = stack.use(await openDestination(context, config, destination, identity, { storing: true }))
  const { vault, storage, folder } = opened
  requireSameMode(config.writeOnly, vault)
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

function databaseOf(config: Config, only: BackupPlan['only']): BackupPlan['database'] {
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
