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

/** Where a path of the vault's tree is on disk. */
export function pathIn(sources: readonly FolderSource[], treePath: string): string {
  const source = sources.find((source) => treePath.startsWith(`${source.treePath}/`))
  if (!source) throw new Error(`no source holds ${treePath}`)
  return source.root + treePath.slice(source.treePath.length)
}
