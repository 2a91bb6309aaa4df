import type { ExitCode } from '../../shared/errors.ts'
import type { StorageOptions } from '../../storage/options.ts'
import type { RecordId } from '../../vault/record.ts'
import type { StoredRecord } from '../../vault/snapshots.ts'
import type { Vault, VaultIdentity } from '../../vault/vault.ts'
import type { DestinationJobs } from '../jobs/destinationJobs.ts'
import type { Findings } from '../forecast/findings.ts'
import type { Survey } from '../forecast/survey.ts'
import type { CheckpointInterval } from './checkpoints.ts'
import type { DatabaseSource } from './database.ts'
import type { Join } from './parts/join.ts'
import type { Part } from './parts/part.ts'
import type { BackupProgress } from './progress.ts'
import type { Comparison, FolderSource } from './source.ts'
import type { Tally } from './tally.ts'

/** What is backed up, and how: the same for all destinations. */
export interface BackupPlan {
  host: string
  sources: readonly FolderSource[]
  ignore: readonly string[]
  compare: readonly Comparison[]
  oneFileSystem: boolean
  /** Undefined: no database is backed up. */
  database: DatabaseSource | undefined
  only?: 'files' | 'database' | undefined
  /** This is one of several parts, which become a snapshot together. */
  part?: Part | undefined
  /** Parts that are done, and become a snapshot with this run. */
  join?: Join | undefined
  dryRun?: boolean | undefined
  program: string
  checkpointEvery: CheckpointInterval
  now: () => Date
  onProgress: (progress: BackupProgress) => void
  /** Called as soon as a destination has its end; others may take much longer. */
  onEnd?: ((end: BackupEnd) => void) | undefined
  signal: AbortSignal
}

/** A destination of a backup. */
export interface BackupDestination {
  name: string
  /** Opens its vault; called once for each try. The backup disposes of what it gives. */
  open: () => Promise<DestinationVault>
  /**
   * Takes the folder of the vault and host in the state directory for this run alone, until it is disposed of.
   * @throws UserError exit 11 when another run has it.
   */
  take?: ((folder: string) => Disposable) | undefined
  /** Hears how far each source is. */
  jobs?: DestinationJobs | undefined
}

/** A destination's vault, and what a backup to it takes. */
export interface DestinationVault extends AsyncDisposable {
  vault: Vault
  /** How worker threads reach the vault's storage. */
  storage: StorageOptions
  /** Opens the data keys of earlier runs, unless the vault is in write-only mode. */
  identity: VaultIdentity
  /** Who can open the data keys of this run. */
  recipients: readonly string[]
  /** Folder of this vault and host in the state directory. */
  folder: string
  /** The newest records at other destinations, by their names, as far as they are known now. */
  heads: () => Record<string, RecordId>
}

/** How a backup to one destination ended: with a result, or with the error that no snapshot could be committed for. */
export type BackupEnd =
  | { destination: string; result: BackupResult; error?: undefined; warnings?: undefined }
  | {
      destination: string
      result?: undefined
      error: unknown
      /** What of the run could not even be noted in the vault, for people. */
      warnings?: readonly string[]
    }

/** What a dry run saw, and what a forecast can be made of. */
export interface DryRun {
  findings: Findings
  survey: Survey
}

/** A part of a backup that is done. */
export interface DonePart {
  record: StoredRecord
  /** Parts that were not done yet, by index. */
  missing: readonly number[]
}

/** How a run to one destination ended well: with a snapshot, as a dry run, or with a part while others were not done. */
export type BackupResult = BackupFacts &
  (
    | { snapshot: StoredRecord; dryRun?: undefined; part?: undefined }
    | { snapshot: undefined; dryRun: DryRun; part?: undefined }
    | { snapshot: undefined; dryRun?: undefined; part: DonePart }
  )

interface BackupFacts {
  exitCode: ExitCode
  /** Where the vault is, for people. */
  location: string
  tally: Tally
  /** What a run would read and store, or did. */
  toRead: { files: number; bytes: number }
  /** When the snapshot before was made; undefined for the first, and where a checkpoint came between. */
  previous?: Date | undefined
  warnings: string[]
}
