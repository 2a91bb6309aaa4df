import { exitCodes, type ExitCode } from '../../shared/errors.ts'
import type { StorageOptions } from '../../storage/options.ts'
import type { DataKeyRing } from '../../vault/dataKeys.ts'
import type { Vault } from '../../vault/vault.ts'
import type { KnownHead } from '../openSnapshot.ts'
import type { ThawChoice } from '../thaw/thaw.ts'
import type { AffectedPath } from './affected.ts'
import type { Level } from './document.ts'
import type { Finding } from './finding.ts'
import type { Coverage } from './population.ts'

/** How many objects are checked. */
export type Extent = { objects: number } | { percent: number } | 'all'

export interface VerifyProgress {
  phase: 'records' | 'manifests' | 'keys' | 'database' | 'objects'
  objectsDone: number
  objectsTotal: number
  bytesDone: number
  bytesTotal: number
}

export interface VerifyOptions {
  vault: Vault
  /** How worker threads reach the vault's storage. */
  storage: StorageOptions
  /** Opens data keys. */
  keys: DataKeyRing
  host: string
  /** Snapshots that somebody has seen; the vault must show them. */
  knownHeads: readonly KnownHead[]
  level: Level
  extent: Extent
  /** Stored bytes of objects and dumps that are read at most; Infinity for no limit. */
  maxBytes: number
  /** An existing folder for temporary files: about three times the manifest's size. */
  folder: string
  /** What to do about objects in archive classes. Without a tier, those that are frozen are told as such. */
  thawing?: ThawChoice | undefined
  program: string
  now: () => Date
  onProgress: (progress: VerifyProgress) => void
  signal: AbortSignal
}

/**
 * `damaged`: something is gone, altered or locked. `incomplete`: nothing of that kind was found, but storage did not
 * give everything.
 */
export type VerifyOutcome = 'good' | 'damaged' | 'incomplete'

export interface VerifyResult {
  outcome: VerifyOutcome
  exitCode: ExitCode
  /** The level at which it was really checked. */
  level: Level
  /** The newest restore point. */
  snapshot: { name: string; created: string } | undefined
  records: number
  objects: { total: number; checked: number; bytes: number; bad: number }
  /** The dumps that were checked. */
  dumps: number
  /** What the checked objects allow to say of all. */
  statement: string
  coverage: { read: Coverage; stored: Coverage }
  findings: Finding[]
  /** All of them, also those that are not in the list. */
  findingsTotal: number
  affected: { paths: AffectedPath[]; total: number }
  warnings: string[]
  /** Where in the vault this verification is noted; undefined when it could not be. */
  document: string | undefined
}

export const exitCodeOf: Record<VerifyOutcome, ExitCode> = {
  good: exitCodes.done,
  damaged: exitCodes.failed,
  incomplete: exitCodes.partial,
}
