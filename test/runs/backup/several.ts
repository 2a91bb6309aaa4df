import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { backup } from '../../../src/runs/backup/backup.ts'
import type { BackupDestination, BackupEnd, BackupPlan, BackupResult } from '../../../src/runs/backup/plan.ts'
import type { StorageOptions } from '../../../src/storage/options.ts'
import { createTestVault } from '../backedUp.ts'
import { Fixture, openAsDestination, recordOf } from './fixture.ts'

/** A library with several vaults; each is a fixture, with the same library. */
export class SeveralVaults implements AsyncDisposable {
  readonly library: Fixture
  readonly at: ReadonlyMap<string, Fixture>

  /** @param storages where the vaults are, by names of destinations; undefined for a local folder. */
  static async create(
    storages: Readonly<Record<string, StorageOptions | undefined>>,
  ): Promise<SeveralVaults> {
    const library = await Fixture.create()
    const at = new Map<string, Fixture>()
    for (const [name, storage] of Object.entries(storages)) {
      const root = join(library.folder, name)
      await mkdir(root)
      at.set(name, library.at(await createTestVault(root, storage ? { storage } : {})))
    }
    return new SeveralVaults(library, at)
  }

  private constructor(library: Fixture, at: ReadonlyMap<string, Fixture>) {
    this.library = library
    this.at = at
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.library[Symbol.asyncDispose]()
  }

  /** A destination's fixture. */
  of(name: string): Fixture {
    const fixture = this.at.get(name)
    if (!fixture) throw new Error(`there is no vault ${name}`)
    return fixture
  }

  destinations(): BackupDestination[] {
    return [...this.at].map(([name, { vault }]) => ({
      name,
      open: async () => await openAsDestination(vault),
    }))
  }

  /** Takes a backup to all of them. @returns their ends, by name. */
  async backup(
    wishes: Partial<BackupPlan> = {},
    destinations: readonly BackupDestination[] = this.destinations(),
  ): Promise<Map<string, BackupEnd>> {
    const ends = await backup(this.library.plan(wishes), destinations)
    return new Map(ends.map((end) => [end.destination, end]))
  }

  /** A backup that has to end well everywhere. @returns for each destination how many contents were stored. */
  async backupWell(wishes: Partial<BackupPlan> = {}): Promise<Record<string, number>> {
    const ends = await this.backup(wishes)
    const stored = [...ends].map(([name, end]) => [name, recordOf(resultOf(end)).changes.storedContents])
    return Object.fromEntries(stored) as Record<string, number>
  }

  /** Proves that each vault is whole, and gives the library back. */
  async expectAllTheSame(): Promise<void> {
    for (const fixture of this.at.values()) {
      await fixture.expectWhole()
      await fixture.expectRestoresTheSame()
    }
  }
}

/** @throws what the destination failed with. */
export function resultOf(end: BackupEnd | undefined): BackupResult {
  if (!end) throw new Error('the backup to this destination has no end')
  if (!end.result) throw end.error
  return end.result
}
