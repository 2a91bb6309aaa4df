/* What a manifest keeps of paths and contents. */
export const entryTypes = { file: 0, directory: 1, symlink: 2 } as const
export type EntryType = (typeof entryTypes)[keyof typeof entryTypes]

/** What is kept of a path. Times are microseconds since 1970. */
export interface EntryMetadata {
  mode: number
  uid: number
  gid: number
  mtime: number
  ctime: number
  atime: number
  birthtime: number
  /** See {@link inodeNumber}. */
  inode: number
}

/** An inode number as a manifest holds it: some file systems use all 64 bits, and it only serves to tell a change. */
export function inodeNumber(inode: number): number {
  return inode % 2 ** 53
}

export interface NewEntry extends EntryMetadata {
  name: string
  type: EntryType
  /** Id of the content, for a file. */
  content?: number | undefined
  /** Where it points, for a symbolic link. */
  target?: string | undefined
}

/** Where the bytes of a content lie: in an object of its own, or in a pack. */
export type NewContent = { sha256: Uint8Array; size: number } & (
  { dataKey: number; ciphertextSha256: Uint8Array } | { pack: number; offset: number }
)
