import type { JobUpdate } from '../../state/openRun.ts'

/** The source that is no folder. */
export const databaseSource = 'database'

type JobNow = Omit<JobUpdate, 'destination' | 'source'>

const nothingDone = { filesTotal: 0, filesDone: 0, bytesTotal: 0, bytesDone: 0 }

/**
 * The jobs of one destination: one for each source. They are counted here, in memory, and written down now and then by
 * whoever wants that.
 */
export class DestinationJobs {
  readonly destination: string
  readonly #jobs = new Map<string, JobNow>()
  readonly #now: () => Date

  /** @param sources `database`, and paths in the vault's tree, in the order in which they are taken. */
  constructor(destination: string, sources: readonly string[], now: () => Date) {
    this.destination = destination
    this.#now = now
    for (const source of sources)
      this.#jobs.set(source, { ...nothingDone, state: 'PENDING', started: null, error: null, retries: 0 })
  }

  /** How all of them stand now, in the order of their priority. */
  get updates(): JobUpdate[] {
    return [...this.#jobs].map(([source, job]) => ({ destination: this.destination, source, ...job }))
  }

  /** All of it is tried once more. What is stored by now is not found again. */
  retry(): void {
    for (const job of this.#jobs.values())
      Object.assign(job, { ...nothingDone, state: 'PENDING', error: null, retries: job.retries + 1 })
  }

  /** A source is looked through, maybe once more: what is still to do is found anew. */
  begin(source: string): void {
    const job = this.#jobs.get(source)
    if (!job) return
    const { filesDone: filesTotal, bytesDone: bytesTotal } = job
    const started = job.state === 'RUNNING' ? job.started : this.#now()
    Object.assign(job, { state: 'RUNNING', started, error: null, filesTotal, bytesTotal })
  }

  /** Files were found that have to be read. @param bytes as the walk saw them. */
  find(source: string, files: number, bytes: number): void {
    const job = this.#jobs.get(source)
    if (!job) return
    job.filesTotal += files
    job.bytesTotal += bytes
  }

  /** @param bytes also those of files that are not done yet; negative to take them back. */
  advance(source: string, files: number, bytes: number): void {
    const job = this.#jobs.get(source)
    if (!job) return
    job.filesDone += files
    job.bytesDone += bytes
  }

  /** A source could not be read at all. The others go on. */
  miss(source: string, reason: string): void {
    const job = this.#jobs.get(source)
    if (job) Object.assign(job, { state: 'FAILED', error: reason })
  }

  /** The destination has its snapshot, and in it all but the sources that were missed. */
  complete(): void {
    for (const job of this.#jobs.values())
      if (job.state !== 'FAILED') Object.assign(job, { state: 'COMPLETED', error: null })
  }

  /** The destination has its end without a snapshot: so has every job without one. */
  fail(state: 'FAILED' | 'INTERRUPTED', error: string): void {
    for (const job of this.#jobs.values())
      if (job.state === 'PENDING' || job.state === 'RUNNING') Object.assign(job, { state, error })
  }
}

/** The source that a path of the vault's tree belongs to: `library/2024` is of `library`, `sources/dam/a` of `sources/dam`. */
export function sourceOf(treePath: string): string {
  const end = treePath.indexOf('/', treePath.startsWith('sources/') ? 'sources/'.length : 0)
  return end < 0 ? treePath : treePath.slice(0, end)
}
