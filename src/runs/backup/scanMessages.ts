import type { NewEntry } from '../../manifest/entry.ts'
import type { PartShare } from './parts/part.ts'
import type { Comparison, FolderSource } from './source.ts'

/** What every scan worker knows. */
export interface ScanSetting {
  /** Working copies to compare with: one for each destination. The sets in what is found have a bit for each. */
  manifestFiles: string[]
  compare: Comparison[]
  ignore: string[]
  oneFileSystem: boolean
  /** Only the files of a part are looked at, and nothing else. */
  part?: PartShare | undefined
}

/** A directory to walk: its path below the source's root, and its id in each manifest; -1 where it has none. */
export type PendingDirectory = [path: string, ids: number[]]

/** Directories of one source to walk. */
export interface ScanJob {
  source: FolderSource
  directories: PendingDirectory[]
}

/** What differs in one directory from what any manifest says. */
export interface DirectoryChanges {
  /** Path in the vault's tree. */
  treePath: string
  /**
   * Files to read: name, size in bytes, mtime in milliseconds, the manifests that say otherwise, and those of them that do
   * not know the path.
   */
  files: [name: string, size: number, modifiedMs: number, lackedBy: number, newTo: number][]
  /** What else differs from each manifest, in their order. */
  others: OtherChanges[]
}

/** What differs in one directory from what one manifest says, and needs no reading. */
export interface OtherChanges {
  /** Directories and symbolic links whose metadata are new or other than before. */
  entries: NewEntry[]
  /** Names that are gone. */
  gone: string[]
  /** Names under which a directory was, and is none any more: all below is gone. */
  goneDirectories: string[]
}

export interface ScanProblem {
  /** Path in the vault's tree. */
  path: string
  /** What the system said: `EACCES`, `EIO`; or what was found there: `socket`, `device`, `pipe`. */
  reason: string
}

export interface ScanResult {
  changes: DirectoryChanges[]
  /** Directories that this job found and left for another. */
  leftover: PendingDirectory[]
  files: number
  bytes: number
  /** Directories that were gone when their turn came: moved, or deleted. */
  vanished: number
  /** What could not be read: its old state stays in the snapshot. */
  unreadable: ScanProblem[]
  /** What can't be backed up by its nature. */
  skipped: ScanProblem[]
}
