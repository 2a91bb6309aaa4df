import { lstatSync, readlinkSync, type Stats } from 'node:fs'
import picomatch from 'picomatch'
import { readDirectory } from '../../immich/readDirectory.ts'
import { entryTypes, inodeNumber, type EntryType } from '../../manifest/entry.ts'
import type { KnownEntry, ScanReader } from '../../manifest/scanReader.ts'
import { errorCode } from '../../shared/errors.ts'
import { fsPath, pathFromBytes } from '../../shared/bytePath.ts'
import { metadataOf } from './metadata.ts'
import type { DirectoryChanges, PendingDirectory, ScanResult, ScanSetting } from './scanMessages.ts'
import { joinPath, type Comparison, type FolderSource } from './source.ts'

const nothingKnown: ReadonlyMap<string, KnownEntry> = new Map()
const noDirectories: ReadonlyMap<string, number> = new Map()
/** Id of a directory that the manifest has never seen. */
export const unknownDirectory = -1

/** Compares directories with what the manifest says of them. */
export class DirectoryScanner {
  readonly #reader: ScanReader
  readonly #ignored: ((path: string) => boolean) | undefined
  readonly #oneFileSystem: boolean
  readonly #compare: Set<Comparison>
  readonly #devices = new Map<string, number>()

  constructor(reader: ScanReader, setting: Pick<ScanSetting, 'ignore' | 'compare' | 'oneFileSystem'>) {
    this.#reader = reader
    this.#ignored = setting.ignore.length > 0 ? picomatch(setting.ignore, { dot: true }) : undefined
    this.#oneFileSystem = setting.oneFileSystem
    this.#compare = new Set(setting.compare)
  }

  /**
   * Scans one directory, puts the directories in it on `pending` and what differs into `result`.
   * @returns how many names the directory has.
   */
  scan(
    source: FolderSource,
    [directory, id]: PendingDirectory,
    pending: PendingDirectory[],
    result: ScanResult,
  ): number {
    const treePath = joinPath(source.treePath, directory)
    const path = joinPath(source.root, directory)
    let listing: ReturnType<typeof readDirectory>
    try {
      listing = readDirectory(path)
    } catch (error) {
      const reason = errorCode(error) ?? 'unknown'
      if (reason === 'ENOENT' && directory !== '') result.vanished += 1
      else result.unreadable.push({ path: treePath, reason })
      return 0
    }
    const known = id === unknownDirectory ? nothingKnown : this.#reader.entriesOf(id)
    let inner: ReadonlyMap<string, number> | undefined
    const changes: DirectoryChanges = { treePath, files: [], entries: [], gone: [], goneDirectories: [] }
    const unseen = new Set(known.keys())
    let names = 0
    for (const found of listing) {
      names += 1
      const { name } = found
      const entryPath = joinPath(treePath, name)
      if (this.#ignored?.(entryPath)) continue
      if ('code' in found) {
        unseen.delete(name)
        result.unreadable.push({ path: entryPath, reason: found.code })
        continue
      }
      const { stats } = found
      const type = typeOf(stats)
      if (type === undefined) {
        result.skipped.push({ path: entryPath, reason: kindOf(stats) })
        continue
      }
      if (type === entryTypes.directory && this.#crossesFileSystem(source, stats)) {
        result.skipped.push({ path: entryPath, reason: 'another file system' })
        continue
      }
      unseen.delete(name)
      const before = known.get(name)
      if (before?.type === entryTypes.directory && type !== entryTypes.directory)
        changes.goneDirectories.push(name)
      if (type === entryTypes.directory) {
        inner ??= id === unknownDirectory ? noDirectories : this.#reader.directoriesIn(id)
        pending.push([joinPath(directory, name), inner.get(name) ?? unknownDirectory])
      }
      if (type === entryTypes.file) {
        result.files += 1
        result.bytes += stats.size
        if (this.#fileDiffers(before, stats)) {
          changes.files.push([name, stats.size, stats.mtimeMs, before === undefined])
        }
      } else if (metadataDiffers(before, stats, type)) {
        this.#addEntry(changes, result, path, name, type)
      }
    }
    for (const name of unseen) {
      changes.gone.push(name)
      if (known.get(name)?.type === entryTypes.directory) changes.goneDirectories.push(name)
    }
    const { files, entries, gone, goneDirectories } = changes
    if (files.length + entries.length + gone.length + goneDirectories.length > 0) result.changes.push(changes)
    return names
  }

  #fileDiffers(before: KnownEntry | undefined, stats: Stats): boolean {
    if (before?.type !== entryTypes.file) return true
    const by = this.#compare
    return (
      (by.has('size') && before.size !== stats.size) ||
      (by.has('mtime') && timeDiffers(before.mtime, stats.mtimeMs)) ||
      (by.has('ctime') && timeDiffers(before.ctime, stats.ctimeMs)) ||
      (by.has('inode') && before.inode !== inodeNumber(stats.ino))
    )
  }

  #crossesFileSystem(source: FolderSource, stats: Stats): boolean {
    if (!this.#oneFileSystem) return false
    let device = this.#devices.get(source.root)
    if (device === undefined) {
      device = lstatSync(fsPath(`${source.root}/.`)).dev
      this.#devices.set(source.root, device)
    }
    return stats.dev !== device
  }

  #addEntry(
    changes: DirectoryChanges,
    result: ScanResult,
    parent: string,
    name: string,
    type: EntryType,
  ): void {
    const path = fsPath(`${parent}/${name}`)
    try {
      const target =
        type === entryTypes.symlink ? pathFromBytes(readlinkSync(path, { encoding: 'buffer' })) : undefined
      changes.entries.push({ ...metadataOf(lstatSync(path, { bigint: true })), name, type, target })
    } catch (error) {
      result.unreadable.push({
        path: joinPath(changes.treePath, name),
        reason: errorCode(error) ?? 'unknown',
      })
    }
  }
}

/** A directory's ctime and inode say nothing of what is restored; a link can't change without a new ctime. */
function metadataDiffers(before: KnownEntry | undefined, stats: Stats, type: EntryType): boolean {
  if (before?.type !== type) return true
  if (timeDiffers(before.mtime, stats.mtimeMs)) return true
  if (type === entryTypes.symlink) return timeDiffers(before.ctime, stats.ctimeMs)
  return before.mode !== (stats.mode & 0o7777) || before.uid !== stats.uid || before.gid !== stats.gid
}

/** Node's milliseconds are a double, good to a quarter of a microsecond; the manifest's microseconds are cut off. */
function timeDiffers(knownMicroseconds: number, milliseconds: number): boolean {
  return Math.abs(milliseconds * 1000 - knownMicroseconds) >= 2
}

function typeOf(stats: Stats): EntryType | undefined {
  if (stats.isFile()) return entryTypes.file
  if (stats.isDirectory()) return entryTypes.directory
  return stats.isSymbolicLink() ? entryTypes.symlink : undefined
}

function kindOf(stats: Stats): string {
  if (stats.isSocket()) return 'socket'
  return stats.isFIFO() ? 'pipe' : 'device'
}
