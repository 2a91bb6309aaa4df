import { WorkerPool } from '../../shared/threads/pool.ts'
import type { Errand } from './errand.ts'
import type { Parcel } from './parcels.ts'
import { joinPath, pathIn, type FolderSource } from './source.ts'
import type {
  FileToStore,
  StoreAnswer,
  StoreBatchJob,
  StoreFileJob,
  StoreNote,
  StoreQuestion,
  StoreSetting,
} from './storeMessages.ts'
import type { NamedFile, WorkList } from './workList.ts'

/** The worker threads that read files and store them. */
export class StoreCrew implements AsyncDisposable {
  readonly #pool: WorkerPool
  readonly #sources: readonly FolderSource[]
  readonly #work: WorkList

  constructor(
    options: { size: number; data: StoreSetting; signal: AbortSignal },
    { sources, work }: { sources: readonly FolderSource[]; work: WorkList },
  ) {
    this.#pool = new WorkerPool(new URL('./storeWorker.ts', import.meta.url), options)
    this.#sources = sources
    this.#work = work
  }

  /** Jobs that still run are lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.close()
  }

  /**
   * Reads files once, and stores them for each errand.
   * @param passed hears of the bytes of a large file while it is worked through.
   * @returns when all errands are over. What goes wrong is theirs.
   */
  async run(parcel: Parcel, errands: readonly Errand[], passed: (bytes: number) => void): Promise<void> {
    const answer = ({ targets, hashes }: StoreQuestion): StoreAnswer =>
      targets.map((target) => errands[target]?.claim(hashes) ?? [])
    const note = (told: StoreNote): void => {
      if (told.kind === 'progress') {
        passed(told.bytes)
        for (const errand of errands) errand.pass(told.bytes)
      } else errands[told.target]?.hear(told)
    }
    let end: unknown = new Error('a worker did not say what became of a file')
    try {
      await this.#pool.run(this.#jobFor(parcel, errands), { answer, note })
    } catch (error) {
      end = error
    }
    for (const errand of errands) errand.fail(end)
    await Promise.all(errands.map(({ over }) => over))
  }

  #jobFor({ files, packed }: Parcel, errands: readonly Errand[]): StoreFileJob | StoreBatchJob {
    const [file, ...others] = files.map((file) => this.#requestFor(file))
    if (!file) throw new Error('a parcel of nothing')
    return packed
      ? { kind: 'batch', files: [file, ...others], targets: errands.map(({ packTarget }) => packTarget) }
      : { kind: 'file', file, targets: errands.map(({ target }) => target) }
  }

  #requestFor({ directory, name, size }: NamedFile): FileToStore {
    const treePath = joinPath(directory, name)
    const wantSha1 = this.#work.expectedFile(treePath)?.sha1 !== undefined
    return { path: pathIn(this.#sources, treePath), size, wantSha1 }
  }
}
