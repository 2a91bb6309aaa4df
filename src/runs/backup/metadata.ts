import type { BigIntStats } from 'node:fs'
import { inodeNumber, type EntryMetadata } from '../../manifest/entry.ts'

/** What the manifest keeps of a path. */
export function metadataOf(stats: BigIntStats): EntryMetadata {
  return {
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mtime: Number(stats.mtimeNs / 1000n),
    ctime: Number(stats.ctimeNs / 1000n),
    atime: Number(stats.atimeNs / 1000n),
    birthtime: Number(stats.birthtimeNs / 1000n),
    inode: inodeNumber(Number(stats.ino)),
  }
}
