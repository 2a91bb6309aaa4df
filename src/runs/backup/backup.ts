import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { unfinishedDumps } from '../../immich/folders.ts'
import { isDamage, workingCopyError } from '../../manifest/damage.ts'
import { SnapshotView } from '../../manifest/view.ts'
import { errorMessage, exitCodes, UserError, type ExitCode } from '../../shared/errors.ts'
import type { StorageOptions } from '../../storage/options.ts'
import { runReportKey } from '../../vault/layout.ts'
import type { CrossCheck, RecordId } from '../../vault/record.ts'
import { storeJson, type StoredRecord } from '../../vault/snapshots.ts'
import type { Vault, VaultIdentity } from '../../vault/vault.ts'
import { workingCopy } from '../stateFolder.ts'
import { Checkpoints, type CheckpointInterval } from './checkpoints.ts'
import { crossCheckFiles, sharpDrops } from './crossCheck.ts'
import { backUpDatabase, type DatabaseSource, type DatabaseState } from './database.ts'
import { HostChain, type RecordDraft } from './hostChain.ts'
import { ProgressMeter, type BackupProgress } from './progress.ts'
import { RunKey } from './runKey.ts'
import { lockHostFolder } from './runLock.ts'
import { scanSources } from './scan.ts'
import type { Comparison, FolderSource } from './source.ts'
import { storeCandidates } from './storeCandidates.ts'
import { Tally } from './tally.ts'
import { WorkList } from './workList.ts'

/** Where paths vanish, they may have been moved to where the walk had been: it is done again, so often at most. */
const maxWalks = 3
/** After a stop, so long is left for a last checkpoint: well within the 30 seconds that Kubernetes grants. */
const lastCheckpointMs = 15_000

export interface BackupOptions {
  vault: Vault
  /** How worker threads reach the vault's storage. */
  storage: StorageOptions
  host: string
  /** Opens the data keys of earlier runs, unless the vault is in write-only mode. */
  identity: VaultIdentity
  /** Who can open the data keys of this run. */
  recipients: readonly string[]
  /** Folder of this vault and host in the state directory. */
  folder: string
  sources: readonly FolderSource[]
  ignore: readonly string[]
  compare: readonly Comparison[]
  oneFileSystem: boolean
  /** Undefined: no database is backed up. */
  database: DatabaseSource | undefined
  only?: 'files' | 'database' | undefined
  dryRun?: boolean | undefined
  /** Newest records at other destinations, by their names. */
  heads: Record<string, RecordId>
  program: string
  checkpointEvery: CheckpointInterval
  now: () => Date
  onProgress: (progress: BackupProgress) => void
  signal: AbortSignal
}

export interface BackupResult {
  exitCode: ExitCode
  /** Undefined after a dry run. */
  snapshot: StoredRecord | undefined
  tally: Tally
  /** What a run would read and store, or did. */
  toRead: { files: number; bytes: number }
  warnings: string[]
}

/** Takes one backup: see docs/design.md, "What a backup does". @throws when no snapshot could be committed. */
export async function backup(options: BackupOptions): Promise<BackupResult> {
  using _lock = lockHostFolder(options.folder)
  try {
    return await takeBackup(options)
  } catch (error) {
    throw workingCopyError(workingCopy(options.folder), error)
  }
}

async function takeBackup(options: BackupOptions): Promise<BackupResult> {
  const run = await BackupRun.open(options)
  try {
    await run.backUpDatabase()
    await run.walkAndStore()
    return options.dryRun ? run.dryResult() : await run.commit()
  } catch (error) {
    if (!isDamage(error)) await run.saveWhatIsDone(error)
    throw error
  } finally {
    run.close()
  }
}

class BackupRun {
  readonly #options: BackupOptions
  readonly #chain: HostChain
  readonly #work: WorkList
  readonly #workFile: string
  readonly #key: RunKey
  readonly #tally = new Tally()
  readonly #progress: ProgressMeter
  readonly #checkpoints: Checkpoints
  readonly #started: Date
  #database: DatabaseState | undefined
  #toRead = { files: 0, bytes: 0 }
  /** Whether paths vanished even in the last walk. */
  #keptMoving = false

  static async open(options: BackupOptions): Promise<BackupRun> {
    const progress = new ProgressMeter(options.onProgress)
    progress.begin('opening')
    const { vault, host, folder, signal, dryRun: readOnly = false } = options
    const runId = randomBytes(8).toString('hex')
    const chain = await HostChain.open(vault, { host, folder, runId, now: options.now(), readOnly, signal })
    return new BackupRun(options, chain, progress)
  }

  private constructor(options: BackupOptions, chain: HostChain, progress: ProgressMeter) {
    this.#options = options
    this.#chain = chain
    this.#progress = progress
    this.#started = options.now()
    this.#workFile = join(options.folder, 'work.sqlite')
    this.#work = new WorkList(this.#workFile)
    this.#key = new RunKey(options.vault, options.recipients, chain, options.signal)
    this.#checkpoints = new Checkpoints(options.checkpointEvery, options.now, async () => {
      await chain.commit(this.#draft({ complete: false }), options.now(), { signal: options.signal })
    })
  }

  async backUpDatabase(): Promise<void> {
    const { database, only, dryRun, vault, sources, now, signal } = this.#options
    if (!database || only === 'files' || dryRun) return
    this.#progress.begin('database')
    const { runId } = this.#chain
    const target = { vault, key: this.#key, work: this.#work, sources, runId, now }
    this.#database = await backUpDatabase(database, target, signal)
  }

  async walkAndStore(): Promise<void> {
    if (this.#options.only === 'database') return
    for (let walk = 1; walk <= maxWalks; walk++) {
      this.#tally.beginWalk()
      const gone = await this.#scan()
      const candidates = this.#work.candidateTotals()
      this.#toRead.files += candidates.files
      this.#toRead.bytes += candidates.bytes
      if (this.#options.dryRun) return
      const vanished = candidates.files === 0 ? 0 : await this.#store()
      if (gone + vanished === 0) return
      this.#work.clearCandidates()
    }
    this.#keptMoving = true
  }

  /** Commits the snapshot: from here on it exists. */
  async commit(): Promise<BackupResult> {
    await this.#checkpoints.settle()
    this.#progress.begin('checking')
    const crossCheck = this.#crossCheck()
    const draft = this.#draft({ complete: true, crossCheck })
    this.#progress.begin('committing')
    const { now, signal } = this.#options
    const snapshot = await this.#chain.commit(draft, now(), { signal })
    const result = this.#result(snapshot, draft)
    try {
      await this.#report({ outcome: 'completed', exitCode: result.exitCode, record: snapshot.key })
    } catch (error) {
      // What is committed stays so, with a report or without one.
      result.warnings.push(`the report of this run could not be stored: ${errorMessage(error)}`)
      result.exitCode = exitCodes.partial
    }
    return result
  }

  dryResult(): BackupResult {
    return {
      exitCode: exitCodes.done,
      snapshot: undefined,
      tally: this.#tally,
      toRead: this.#toRead,
      warnings: [],
    }
  }

  /** After a failure or a stop: commits a checkpoint and a report, so that the next run goes on from here. */
  async saveWhatIsDone(error: unknown): Promise<void> {
    const { dryRun, now, signal } = this.#options
    if (dryRun) return
    const limited = { signal: AbortSignal.timeout(lastCheckpointMs) }
    try {
      await this.#checkpoints.settle().catch(() => undefined)
      if (this.#chain.manifest.hasNews)
        await this.#chain.commit(this.#draft({ complete: false }), now(), limited)
      const outcome = signal.aborted ? 'interrupted' : 'failed'
      await this.#report(
        { outcome, error: error instanceof UserError ? error.message : errorMessage(error) },
        limited.signal,
      )
    } catch {
      // The storage that failed the run may well fail this too; the run's own error is the one to tell.
    }
  }

  close(): void {
    this.#work.close()
    this.#chain.close()
    rmSync(this.#workFile, { force: true })
  }

  async #scan(): Promise<number> {
    const { sources, ignore, compare, oneFileSystem, folder, dryRun = false, now, signal } = this.#options
    this.#progress.begin('scanning')
    return await scanSources({
      sources,
      setting: {
        manifestFile: workingCopy(folder),
        compare: [...compare],
        ignore: [...ignore, unfinishedDumps],
        oneFileSystem,
      },
      chain: this.#chain,
      work: this.#work,
      tally: this.#tally,
      progress: this.#progress,
      catalogued: this.#database !== undefined,
      dryRun,
      now,
      signal,
    })
  }

  async #store(): Promise<number> {
    const { vault, storage, identity, recipients, sources, signal } = this.#options
    const { keyIds } = vault.keys
    return await storeCandidates({
      vault,
      storage,
      sources,
      chain: this.#chain,
      work: this.#work,
      key: this.#key,
      resuming: vault.writeOnly ? undefined : { identity: identity.identity, keyIds, recipients },
      tally: this.#tally,
      progress: this.#progress,
      checkpoint: async (bytes) => await this.#checkpoints.count(bytes),
      signal,
    })
  }

  #crossCheck(): CrossCheck | null {
    if (!this.#database) return null
    const context = {
      chain: this.#chain,
      work: this.#work,
      tally: this.#tally,
      sources: this.#options.sources,
    }
    return crossCheckFiles(context, this.#database.counts.assets)
  }

  #draft({
    complete,
    crossCheck = null,
  }: {
    complete: boolean
    crossCheck?: CrossCheck | null
  }): RecordDraft {
    const { parent, manifest, sequence } = this.#chain
    const counts = new SnapshotView(manifest.db, sequence).counts()
    const drops = complete
      ? sharpDrops(this.#chain.restorePoint, counts.files, this.#database?.counts.assets)
      : []
    return {
      started: this.#started.toISOString(),
      complete,
      program: this.#options.program,
      immich: this.#database?.immich ?? parent?.immich ?? null,
      postgres: this.#database?.postgres ?? parent?.postgres ?? null,
      database: this.#database?.dump ?? parent?.database ?? null,
      heads: this.#options.heads,
      counts,
      changes: { ...this.#tally.changes },
      crossCheck,
      sharpDrop: drops.length > 0,
      warnings: [...drops, ...(this.#database?.warnings ?? []), ...this.#warnings(crossCheck)],
    }
  }

  #warnings(crossCheck: CrossCheck | null): string[] {
    const { changes, skipped } = this.#tally
    const counted: [number, string][] = [
      [changes.unreadable, 'could not be read; what was stored of them before is kept in the snapshot'],
      [
        changes.unstable,
        'kept changing while they were read; what was stored of them before is kept in the snapshot',
      ],
      [
        this.#tally.mismatched,
        'do not have the SHA-1 that Immich wrote down: they may have been damaged before the backup',
      ],
      [crossCheck?.missing ?? 0, 'are named by the database and are not there'],
      [skipped, 'are sockets, devices, pipes or other file systems and were skipped'],
    ]
    const warnings = counted.filter(([n]) => n > 0).map(([n, text]) => `${n} files ${text}`)
    if (this.#keptMoving)
      warnings.push(
        `files vanished in each of ${maxWalks} walks; what was moved during the last one may be missing until the next run`,
      )
    const kept = this.#chain.parent?.database
    if (this.#options.only === 'files' && kept)
      warnings.push(`only files were backed up; the dump is the one of ${kept.taken}`)
    return warnings
  }

  #result(snapshot: StoredRecord, { sharpDrop, warnings }: RecordDraft): BackupResult {
    const { unreadable, unstable } = this.#tally.changes
    const isPartial = sharpDrop || this.#keptMoving || unreadable + unstable > 0
    const exitCode = isPartial ? exitCodes.partial : exitCodes.done
    return { exitCode, snapshot, tally: this.#tally, toRead: this.#toRead, warnings }
  }

  async #report(
    end: {
      outcome: 'completed' | 'interrupted' | 'failed'
      exitCode?: ExitCode
      record?: string
      error?: string
    },
    signal = this.#options.signal,
  ): Promise<void> {
    const { vault, host, program, now } = this.#options
    const { changes, examples, mismatched } = this.#tally
    const finished = now()
    const times = { started: this.#started.toISOString(), finished: finished.toISOString() }
    const report = {
      version: 1,
      kind: 'backup',
      runId: this.#chain.runId,
      host,
      program,
      ...times,
      ...end,
      changes,
      mismatched,
      examples,
    }
    await storeJson(vault, runReportKey(this.#started, this.#chain.runId), report, { signal })
  }
}
