/** One folder that is backed up. */
export interface FolderSource {
  /** Where it lies in the vault's tree: `library`, `upload`, `sources/dam`. */
  treePath: string
  /** Absolute path here. */
  root: string
  /** Whether Immich wrote it, so that the database knows its files. */
  immich: boolean
}

/** Which differences make a file worth reading again. */
export type Comparison = 'size' | 'mtime' | 'ctime' | 'inode'

/** Joins a path in the tree, or on disk, with one below it; either may be empty. */
export function joinPath(parent: string, child: string): string {
  if (parent === '') return child
  return child === '' ? parent : `${parent}/${child}`
}
