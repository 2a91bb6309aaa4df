import { deepStrictEqual } from 'node:assert'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { entryTypes } from '../../../src/manifest/entry.ts'
import type { BackupPlan, BackupResult, DestinationVault } from '../../../src/runs/backup/plan.ts'
import type { FolderSource } from '../../../src/runs/backup/source.ts'
import { openSnapshot } from '../../../src/runs/openSnapshot.ts'
import { restore } from '../../../src/runs/restore/restore.ts'
import { hostFolder } from '../../../src/runs/stateFolder.ts'
import { fsPath } from '../../../src/shared/bytePath.ts'
import type { SnapshotRecord } from '../../../src/vault/record.ts'
import { listRecords, readRecords, type StoredRecord } from '../../../src/vault/snapshots.ts'
import type { Vault } from '../../../src/vault/vault.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { compareTrees, describeTree } from '../../support/tree.ts'
import { backUpTo, createTestVault, openTestVault, planWith, type TestVault } from '../backedUp.ts'
import { verifyVault } from '../verify/verifying.ts'

export type Wishes = Partial<BackupPlan> & {
  /** Another state directory: another machine. */
  state?: string
  /** The vault, opened otherwise. */
  vault?: Vault
}

/** What a snapshot says of a path. */
export interface SeenPath {
  type: 'file' | 'directory' | 'symlink'
  size: number | null
  target: string | null
}

/** A media root that a test fills as it likes, and a vault to back it up to. */
export class Fixture implements AsyncDisposable {
  /** Holds everything; for a test's own files, too. */
  readonly folder: string
  /** The media root: `library` and `upload` in it are backed up. */
  readonly root: string
  readonly vault: TestVault
  readonly #remove: () => Promise<void>

  static async create(options: Parameters<typeof createTestVault>[1] = {}): Promise<Fixture> {
    const temporary = await temporaryFolder()
    const fixture = new Fixture(
      temporary.path,
      await createTestVault(temporary.path, options),
      async () => await temporary[Symbol.asyncDispose](),
    )
    for (const folder of ['library', 'upload']) await fixture.write(`${folder}/.immich`, '1704153600000')
    return fixture
  }

  /** The same library, seen with another vault. Disposing of it does nothing. */
  at(vault: TestVault): Fixture {
    return new Fixture(this.folder, vault, () => Promise.resolve())
  }

  private constructor(folder: string, vault: TestVault, remove: () => Promise<void>) {
    this.folder = folder
    this.root = join(folder, 'data')
    this.vault = vault
    this.#remove = remove
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remove()
  }

  /** Absolute path of a path in the media root. */
  path(path: string): string {
    return `${this.root}/${path}`
  }

  /** Writes a file in the media root, and makes the folders on the way. `path` as in bytePath.ts. */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    await mkdir(fsPath(dirname(this.path(path))), { recursive: true })
    await writeFile(fsPath(this.path(path)), content)
  }

  async move(from: string, to: string): Promise<void> {
    await rename(fsPath(this.path(from)), fsPath(this.path(to)))
  }

  async remove(path: string): Promise<void> {
    await rm(fsPath(this.path(path)), { recursive: true })
  }

  sources(...names: string[]): FolderSource[] {
    return names.map((name) => ({ treePath: name, root: this.path(name), immich: true }))
  }

  /** A backup of the library and nothing else, but for the wishes. */
  plan(wishes: Partial<BackupPlan> = {}): BackupPlan {
    return planWith({ sources: this.sources('library', 'upload'), ...wishes })
  }

  /** Takes a backup as the command does. */
  async backup({ state, vault, ...wishes }: Wishes = {}): Promise<BackupResult> {
    const plan = this.plan(wishes)
    await using target = await openAsDestination(this.vault, plan.host, state)
    return await backUpTo({ ...target, vault: vault ?? target.vault }, plan)
  }

  /** A backup that has to end well. @returns the record of its snapshot. */
  async backupWell(wishes: Wishes = {}): Promise<SnapshotRecord> {
    const result = await this.backup(wishes)
    deepStrictEqual({ exitCode: result.exitCode, warnings: result.warnings }, { exitCode: 0, warnings: [] })
    return recordOf(result)
  }

  /** All records of the host, oldest first, checkpoints included. */
  async records(host = 'main'): Promise<StoredRecord[]> {
    await using opened = await openTestVault(this.vault)
    return await readRecords(opened.vault, host, await listRecords(opened.vault, host, 0, {}), {})
  }

  /** What a snapshot holds, by path, without folders; the newest one unless told otherwise. */
  async paths(snapshot?: string, { folders = false } = {}): Promise<Map<string, SeenPath>> {
    await using opened = await openTestVault(this.vault)
    const choice = { snapshot }
    const wish = { host: 'main', choice, knownHeads: [], folder: this.folder }
    await using reading = await openSnapshot(opened.vault, wish)
    const seen = new Map<string, SeenPath>()
    for (const { path, type, size, target } of reading.view.entries()) {
      if (type === entryTypes.directory && !folders) continue
      seen.set(path, { type: typeNames[type], size, target })
    }
    return seen
  }

  /** The paths of files and links of a snapshot, in order. */
  async names(snapshot?: string): Promise<string[]> {
    return [...(await this.paths(snapshot)).keys()].sort()
  }

  /** Restores a snapshot into a new folder. @returns the folder. */
  async restore(name: string, snapshot?: string, identity = this.vault.identity): Promise<string> {
    await using opened = await openTestVault(this.vault, { identity })
    const { vault, storage } = opened
    const wish = { host: 'main', choice: { snapshot }, knownHeads: [], folder: this.folder }
    await using reading = await openSnapshot(vault, wish)
    const to = join(this.folder, name)
    const { tally } = await restore({
      vault,
      storage,
      identity,
      snapshot: reading,
      to,
      contentOnly: false,
      overwrite: 'never',
      protectedFolders: [],
      now: () => new Date(),
      onProgress: () => undefined,
      signal: new AbortController().signal,
    })
    deepStrictEqual(tally.problems, [])
    return to
  }

  /** Proves that the newest snapshot is the media root as it is now: restored, it is the same tree. */
  async expectRestoresTheSame(name = 'restored'): Promise<void> {
    const to = await this.restore(name)
    for (const folder of ['library', 'upload']) {
      const [source, copy] = [await describeTree(this.path(folder)), await describeTree(join(to, folder))]
      const options = { ignoring: ['ctime', 'inode'], mtimeTolerance: 1000n } as const
      deepStrictEqual(compareTrees(source, copy, options), [])
    }
    await rm(to, { recursive: true })
  }

  /** Reads back everything that any snapshot refers to. */
  async expectWhole(): Promise<void> {
    const { outcome, findings } = await verifyVault(this.vault)
    deepStrictEqual({ outcome, findings }, { outcome: 'good', findings: [] })
  }
}

/** Opens a vault as the destination of a backup. */
export async function openAsDestination(
  test: TestVault,
  host = 'main',
  state = test.state,
): Promise<DestinationVault> {
  const opened = await openTestVault(test)
  const { vault, storage } = opened
  const { identity, recovery } = test
  return {
    vault,
    storage,
    identity,
    recipients: vault.writeOnly ? [recovery.recipient] : [identity.recipient, recovery.recipient],
    folder: hostFolder(state, vault.id, host),
    heads: () => ({}),
    [Symbol.asyncDispose]: async () => await opened[Symbol.asyncDispose](),
  }
}

export function recordOf({ snapshot }: BackupResult): SnapshotRecord {
  if (!snapshot) throw new Error('the backup committed no snapshot')
  return snapshot.record
}

const typeNames = { 0: 'file', 1: 'directory', 2: 'symlink' } as const
