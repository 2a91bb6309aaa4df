import { entryTypes, type NewEntry } from '../../manifest/entry.ts'
import type { KnownEntry, ScanReader } from '../../manifest/scanReader.ts'
import type { OtherChanges } from './scanMessages.ts'

const noDirectories: ReadonlyMap<string, number> = new Map()
/** Id of a directory that the manifest has never seen. */
export const unknownDirectory = -1

/** What one manifest says of a directory, and what turns out to be otherwise. */
export class KnownDirectory {
  /** Directories and symbolic links that are otherwise. */
  readonly entries: NewEntry[] = []
  /** Names of directories that are none any more. */
  readonly #goneDirectories: string[] = []
  readonly #reader: ScanReader
  readonly #id: number
  /** Names that were not seen yet: a directory may hold a million, so each is there once. */
  readonly #unseen: Map<string, KnownEntry>
  #inner: ReadonlyMap<string, number> | undefined

  constructor(reader: ScanReader, id: number) {
    this.#reader = reader
    this.#id = id
    this.#unseen = id === unknownDirectory ? new Map() : reader.entriesOf(id)
  }

  /** A name is there, whatever it is by now. */
  keep(name: string): void {
    this.#unseen.delete(name)
  }

  /** What a name was, which is a directory now or is none. */
  see(name: string, isDirectory: boolean): KnownEntry | undefined {
    const before = this.#unseen.get(name)
    this.#unseen.delete(name)
    if (before?.type === entryTypes.directory && !isDirectory) this.#goneDirectories.push(name)
    return before
  }

  /** Id of a directory in this one. */
  idOf(name: string): number {
    this.#inner ??= this.#id === unknownDirectory ? noDirectories : this.#reader.directoriesIn(this.#id)
    return this.#inner.get(name) ?? unknownDirectory
  }

  /** What turned out, once every name was seen. */
  changes(): OtherChanges {
    const gone = [...this.#unseen.keys()]
    const directories = gone.filter((name) => this.#unseen.get(name)?.type === entryTypes.directory)
    return { entries: this.entries, gone, goneDirectories: [...this.#goneDirectories, ...directories] }
  }
}
