import { lstatSync, readlinkSync, type Stats } from 'node:fs'
import picomatch from 'picomatch'
import { readDirectory } from '../../immich/readDirectory.ts'
import { entryTypes, inodeNumber, type EntryType } from '../../manifest/entry.ts'
import type { KnownEntry, ScanReader } from '../../manifest/scanReader.ts'
import { errorCode } from '../../shared/errors.ts'
import { fsPath, pathFromBytes } from '../../shared/bytePath.ts'
import { metadataOf } from './metadata.ts'
import { KnownDirectory, unknownDirectory } from './knownDirectory.ts'
import { isOfPart, type PartShare } from './parts/part.ts'
import type {
  DirectoryChanges,
  OtherChanges,
  PendingDirectory,
  ScanResult,
  ScanSetting,
} from './scanMessages.ts'
import { joinPath, type Comparison, type FolderSource } from './source.ts'

/** Compares directories with what manifests say of them. */
export class DirectoryScanner {
  readonly #readers: readonly ScanReader[]
  readonly #ignored: ((path: string) => boolean) | undefined
  readonly #oneFileSystem: boolean
  readonly #compare: Set<Comparison>
  readonly #part: PartShare | undefined
  readonly #devices = new Map<string, number>()

  constructor(readers: readonly ScanReader[], setting: Omit<ScanSetting, 'manifestFiles'>) {
    this.#readers = readers
    this.#ignored = setting.ignore.length > 0 ? picomatch(setting.ignore, { dot: true }) : undefined
    this.#oneFileSystem = setting.oneFileSystem
    this.#compare = new Set(setting.compare)
    this.#part = setting.part
  }

  /**
   * Scans one directory, puts the directories in it on `pending` and what differs into `result`.
   * @returns how many names the directory has.
   */
  scan(
    source: FolderSource,
    [directory, ids]: PendingDirectory,
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
    const known = this.#readers.map((reader, i) => new KnownDirectory(reader, ids[i] ?? unknownDirectory))
    const isOurs = this.#part === undefined || isOfPart(treePath, this.#part)
    const files: DirectoryChanges['files'] = []
    let names = 0
    for (const found of listing) {
      names += 1
      const { name } = found
      const entryPath = joinPath(treePath, name)
      if (this.#ignored?.(entryPath)) continue
      if ('code' in found) {
        for (const side of known) side.keep(name)
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
      if (type === entryTypes.file) {
        if (!isOurs) continue
        result.files += 1
        result.bytes += stats.size
        this.#compareFile(known, name, stats, files)
        continue
      }
      if (type === entryTypes.directory)
        pending.push([joinPath(directory, name), known.map((side) => side.idOf(name))])
      if (this.#part) continue
      const otherwise = known.filter((side) =>
        metadataDiffers(side.see(name, type === entryTypes.directory), stats, type),
      )
      if (otherwise.length > 0)
        this.#addEntry(otherwise, result, { path: `${path}/${name}`, entryPath, name, type })
    }
    const others = this.#part ? [] : known.map((side) => side.changes())
    if (files.length > 0 || others.some(hasChanges)) result.changes.push({ treePath, files, others })
    return names
  }

  #compareFile(
    known: readonly KnownDirectory[],
    name: string,
    stats: Stats,
    files: DirectoryChanges['files'],
  ): void {
    let lackedBy = 0
    let newTo = 0
    let bit = 1
    for (const side of known) {
      const before = side.see(name, false)
      if (this.#fileDiffers(before, stats)) {
        lackedBy |= bit
        if (before === undefined) newTo |= bit
      }
      bit <<= 1
    }
    if (lackedBy !== 0) files.push([name, stats.size, stats.mtimeMs, lackedBy, newTo])
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
    sides: readonly KnownDirectory[],
    result: ScanResult,
    { path, entryPath, name, type }: { path: string; entryPath: string; name: string; type: EntryType },
  ): void {
    const here = fsPath(path)
    try {
      const target =
        type === entryTypes.symlink ? pathFromBytes(readlinkSync(here, { encoding: 'buffer' })) : undefined
      const entry = { ...metadataOf(lstatSync(here, { bigint: true })), name, type, target }
      for (const side of sides) side.entries.push(entry)
    } catch (error) {
      result.unreadable.push({ path: entryPath, reason: errorCode(error) ?? 'unknown' })
    }
  }
}

function hasChanges({ entries, gone, goneDirectories }: OtherChanges): boolean {
  return entries.length + gone.length + goneDirectories.length > 0
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
