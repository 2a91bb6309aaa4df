import type { ReadContent } from '../read/object.ts'
import type { ReadFailure } from '../read/outcome.ts'

/** What a restored path gets beside its bytes. Times are microseconds since 1970. */
export interface PathMetadata {
  mode: number
  uid: number
  gid: number
  atime: number
  mtime: number
}

/** A file to be restored, as plain data for a worker thread. */
export interface FileTarget {
  /** Path in the vault's tree, for messages. */
  treePath: string
  /** Absolute path. Its folder is there, and is none of a symbolic link's making. */
  path: string
  /** Absent: the file gets its bytes only. */
  metadata: PathMetadata | undefined
  /**
   * Set when a file of the same size is there already, and only its bytes can tell whether it is the same one: what to
   * do with it when it is not.
   */
  ifOther: 'keep' | 'replace' | undefined
}

/** A content with all the paths that it goes to. */
export interface RestoreContent extends ReadContent {
  targets: FileTarget[]
}

/** Something that was not restored, or not as it was. */
export interface RestoreProblem {
  /** Path in the vault's tree. */
  path: string
  /**
   * `missing`, `damaged`, `locked`, `frozen`, `unreadable`: of the vault, see {@link file://../read/outcome.ts}. `kept`: something
   * else is there already. `unsafe`: the path would lead outside. `failed`: the file system refused.
   */
  kind: ReadFailure['kind'] | 'kept' | 'unsafe' | 'failed'
  message: string
}

/** What became of some files. */
export interface FileReport {
  restored: number
  /** They were there already. */
  already: number
  /** Bytes beside those that came from the vault: further paths of one content, and files that were there already. */
  otherBytes: number
  ownersNotSet: number
  problems: RestoreProblem[]
}

export function emptyReport(): FileReport {
  return { restored: 0, already: 0, otherBytes: 0, ownersNotSet: 0, problems: [] }
}
