import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { generateIdentity, type Identity } from '../../src/crypto/identity.ts'
import { parseDatabaseUrl } from '../../src/immich/databaseUrl.ts'
import { backup } from '../../src/runs/backup/backup.ts'
import { usualCheckpointInterval } from '../../src/runs/backup/checkpoints.ts'
import type { BackupPlan, BackupResult, DestinationVault } from '../../src/runs/backup/plan.ts'
import { hostFolder } from '../../src/runs/stateFolder.ts'
import { openStorage } from '../../src/storage/open.ts'
import type { StorageOptions } from '../../src/storage/options.ts'
import type { StoredRecord } from '../../src/vault/snapshots.ts'
import { createVault, openVault, type Vault, type VaultPin } from '../../src/vault/vault.ts'

/** A vault that the program itself made, local unless a test wants another storage, and how to reach it. */
export interface TestVault {
  identity: Identity
  recovery: Identity
  pin: VaultPin
  /** The folder with `vault.json` in it. */
  path: string
  storage: StorageOptions
  /** State directory. */
  state: string
}

/** Creates an empty vault below `root`, or in another storage, for an identity and a recovery identity. */
export async function createTestVault(
  root: string,
  options: { writeOnly?: boolean; storage?: StorageOptions } = {},
): Promise<TestVault> {
  const path = join(root, 'vault')
  await mkdir(path, { recursive: true })
  const identity = await generateIdentity({ postQuantum: false })
  const recovery = await generateIdentity({ postQuantum: false })
  const storage: StorageOptions = options.storage ?? { type: 'local', path }
  const opened = await openStorage(storage)
  try {
    const { id, fingerprint } = await createVault(opened, {
      identity,
      recovery: [recovery.recipient],
      writeOnly: options.writeOnly ?? false,
      now: new Date(),
    })
    return { identity, recovery, pin: { id, fingerprint }, path, storage, state: join(root, 'state') }
  } finally {
    await opened.close()
  }
}

/** Opens the vault, or a copy of it that lies elsewhere, with its identity. */
export async function openTestVault(
  test: TestVault,
  { path, identity = test.identity }: { path?: string; identity?: Identity } = {},
): Promise<{ vault: Vault; storage: StorageOptions; identity: Identity } & AsyncDisposable> {
  const storage: StorageOptions = path === undefined ? test.storage : { type: 'local', path }
  const opened = await openStorage(storage)
  try {
    const vault = await openVault(opened, { identity, pin: test.pin })
    return { vault, storage, identity, [Symbol.asyncDispose]: async () => await opened.close() }
  } catch (error) {
    await opened.close()
    throw error
  }
}

/** Takes a backup to one destination. @throws what it failed with. */
export async function backUpTo(
  { vault, storage, identity, recipients, folder, heads }: Omit<DestinationVault, symbol>,
  plan: BackupPlan,
): Promise<BackupResult> {
  const opened = {
    vault,
    storage,
    identity,
    recipients,
    folder,
    heads,
    [Symbol.asyncDispose]: async () => undefined,
  }
  const [end] = await backup(plan, [{ name: 'disk', open: async () => opened }])
  if (!end?.result) throw end?.error
  return end.result
}

/** The plan of a backup as the command makes it, without a database, but for what a test wishes. */
export function planWith(wishes: Pick<BackupPlan, 'sources'> & Partial<BackupPlan>): BackupPlan {
  return {
    host: 'main',
    ignore: [],
    compare: ['size', 'mtime', 'ctime', 'inode'],
    oneFileSystem: false,
    database: undefined,
    program: 'safelight test',
    checkpointEvery: usualCheckpointInterval,
    now: () => new Date(),
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...wishes,
  }
}

/** Backs up the folders `library`, `upload` and `profile` of a media root, and a database. @returns the new record. */
export async function backUp(
  test: TestVault,
  mediaRoot: string,
  options: Partial<Pick<BackupPlan, 'checkpointEvery' | 'host' | 'only' | 'now'>> & {
    database?: string
  } = {},
): Promise<StoredRecord> {
  await using opened = await openTestVault(test)
  const { vault, storage } = opened
  const { database, host = 'main', ...others } = options
  const target = {
    vault,
    storage,
    identity: test.identity,
    recipients: vault.writeOnly
      ? [test.recovery.recipient]
      : [test.identity.recipient, test.recovery.recipient],
    folder: hostFolder(test.state, vault.id, host),
    heads: () => ({}),
  }
  const plan = planWith({
    host,
    sources: ['library', 'upload', 'profile'].map((name) => ({
      treePath: name,
      root: join(mediaRoot, name),
      immich: true,
    })),
    database:
      database === undefined
        ? undefined
        : { settings: parseDatabaseUrl(database), serverUrl: undefined, configuredVersion: undefined },
    ...others,
  })
  const { snapshot } = await backUpTo(target, plan)
  if (!snapshot) throw new Error('the backup committed no snapshot')
  return snapshot
}
