import { join } from 'node:path'
import { markerName } from '../../immich/folders.ts'
import { entryTypes } from '../../manifest/entry.ts'
import { ScanReader, type KnownEntry } from '../../manifest/scanReader.ts'
import type { DirectoryChanges } from '../backup/scanMessages.ts'
import { joinPath, type FolderSource } from '../backup/source.ts'
import type { FileTotals } from '../backup/workList.ts'
import { FileMatches } from './fileMatches.ts'
import { Oddities, type Oddity } from './oddities.ts'
import { TopList } from './topList.ts'

export interface LargeFile {
  /** Path in the vault's tree. */
  path: string
  bytes: number
}

/** What a backup would find, bytes of plaintext. All of it is seen without reading a single file. */
export interface Findings {
  /** Files under paths that the vault does not know, those that look moved left out. */
  added: FileTotals
  /** Files that are not as they were. */
  changed: FileTotals
  /** New paths whose files have size and time of files that are gone: a backup reads them, and stores nothing. */
  moved: FileTotals
  /** Paths that are gone, moved ones left out. Their contents stay in the vault. */
  gone: FileTotals
  /** The largest files that would be stored. */
  largest: LargeFile[]
  odd: Oddity[]
}

const largestShown = 5
/** More than are shown, because some of them may turn out to be moved. */
const largestKept = 100
const dayMs = 24 * 3600 * 1000

/** Takes down what a walk finds that one manifest does not say. A million files take a temporary file, and no memory. */
export class FindingsBook implements Disposable {
  readonly #reader: ScanReader
  readonly #matches: FileMatches
  readonly #odd = new Oddities()
  readonly #largest = new TopList<LargeFile & { modifiedMs: number; isNew: boolean }>(
    largestKept,
    ({ bytes }) => bytes,
  )
  readonly #changed: FileTotals = { files: 0, bytes: 0 }
  readonly #now: number

  /** @param folder where a temporary file may be made. It has no name any more when this returns. */
  constructor(manifestFile: string, folder: string, now: Date) {
    this.#reader = new ScanReader(manifestFile)
    this.#matches = new FileMatches(join(folder, 'findings.sqlite'))
    this.#now = now.getTime()
  }

  [Symbol.dispose](): void {
    this.#reader.close()
    this.#matches[Symbol.dispose]()
  }

  /** @param member the manifest's place among those that the walk is compared with. */
  take(source: FolderSource, changes: readonly DirectoryChanges[], member: number): void {
    this.#matches.transaction(() => {
      for (const change of changes) this.#takeDirectory(source, change, member)
    })
  }

  /** A source that is backed up no more: all of its files are gone. */
  takeFormerSource(treePath: string): void {
    const id = this.#reader.directoryId(treePath)
    if (id !== undefined) this.#matches.transaction(() => this.#goneBelow(id))
  }

  /** Sizes of the files that would be stored, in the order of the walk. */
  sizes(): Iterable<number> {
    return this.#matches.unmatchedSizes()
  }

  /** Whether any file is not as the manifest says. */
  get hasNews(): boolean {
    return this.#changed.files > 0 || !this.#matches.isEmpty
  }

  findings(): Findings {
    const { added, moved, gone } = this.#matches.counts()
    const largest = this.#largest.items
      .filter(({ bytes, modifiedMs, isNew }) => !isNew || !this.#matches.isGone(bytes, modifiedMs))
      .slice(0, largestShown)
      .map(({ path, bytes }) => ({ path, bytes }))
    return { added, changed: { ...this.#changed }, moved, gone, largest, odd: this.#odd.list }
  }

  #takeDirectory(source: FolderSource, { treePath, files, others }: DirectoryChanges, member: number): void {
    const id = this.#reader.directoryId(treePath)
    const known = id === undefined ? new Map<string, KnownEntry>() : this.#reader.entriesOf(id)
    for (const [name, size, modifiedMs, lackedBy, newTo] of files) {
      if ((lackedBy & (1 << member)) === 0) continue
      const isNew = (newTo & (1 << member)) !== 0
      const path = joinPath(treePath, name)
      const before = isNew ? undefined : known.get(name)
      this.#takeFile(
        source,
        path,
        { size, modifiedMs },
        before?.type === entryTypes.file ? before : undefined,
      )
    }
    const { gone = [], goneDirectories = [] } = others[member] ?? {}
    for (const name of gone) this.#gone(known.get(name))
    if (id === undefined || goneDirectories.length === 0) return
    const inner = this.#reader.directoriesIn(id)
    for (const name of goneDirectories) this.#goneBelow(inner.get(name))
  }

  #takeFile(
    { immich }: FolderSource,
    path: string,
    { size, modifiedMs }: { size: number; modifiedMs: number },
    before: KnownEntry | undefined,
  ): void {
    if (before) {
      this.#matches.addChanged(size)
      this.#changed.files += 1
      this.#changed.bytes += size
      const kind = changeOf(before, size, modifiedMs)
      if (kind) this.#odd.add(kind, path, size)
      if (immich && kind !== 'metadataOnly' && isOriginal(path)) this.#odd.add('original', path, size)
    } else {
      this.#matches.addNew(size, modifiedMs)
    }
    if (size === 0 && !path.endsWith(`/${markerName}`)) this.#odd.add('empty', path, size)
    if (modifiedMs > this.#now + dayMs) this.#odd.add('future', path, size)
    if (size > 0) this.#largest.add({ path, bytes: size, modifiedMs, isNew: before === undefined })
  }

  #gone(entry: KnownEntry | undefined): void {
    if (entry?.type === entryTypes.file) this.#matches.addGone(entry.size ?? 0, entry.mtime / 1000)
  }

  #goneBelow(directory: number | undefined): void {
    if (directory === undefined) return
    for (const entry of this.#reader.entriesOf(directory).values()) this.#gone(entry)
    for (const inner of this.#reader.directoriesIn(directory).values()) this.#goneBelow(inner)
  }
}

/** Microseconds of difference that come from how times are kept. */
const sameTime = 2

function changeOf(
  before: KnownEntry,
  size: number,
  modifiedMs: number,
): 'sizeOnly' | 'metadataOnly' | undefined {
  if (Math.abs(modifiedMs * 1000 - before.mtime) >= sameTime) return undefined
  return before.size === size ? 'metadataOnly' : 'sizeOnly'
}

/** Immich writes an original once; sidecars and avatars come and go. */
function isOriginal(path: string): boolean {
  return /^(?:library|upload)\//.test(path) && !/\.xmp$/i.test(path) && !path.endsWith(`/${markerName}`)
}
