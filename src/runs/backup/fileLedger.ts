import { entryTypes } from '../../manifest/entry.ts'
import { sourceOf, type DestinationJobs } from '../jobs/destinationJobs.ts'
import type { ContentLedger } from './contentLedger.ts'
import type { HostChain } from './hostChain.ts'
import { joinPath } from './source.ts'
import type { ReadOutcome } from './storeMessages.ts'
import type { Tally } from './tally.ts'
import type { Candidate, WorkList } from './workList.ts'

/** Writes into the manifest what became of files. */
export class FileLedger {
  /** Files that were gone when their turn came. */
  vanished = 0
  readonly #chain: HostChain
  readonly #work: WorkList
  readonly #tally: Tally
  readonly #jobs: DestinationJobs
  readonly #contents: ContentLedger

  constructor(
    context: { chain: HostChain; work: WorkList; tally: Tally; jobs: DestinationJobs },
    contents: ContentLedger,
  ) {
    this.#chain = context.chain
    this.#work = context.work
    this.#tally = context.tally
    this.#jobs = context.jobs
    this.#contents = contents
  }

  /** Takes files in one transaction. @returns those that have to be tried again. */
  async takeAll(candidates: readonly Candidate[], outcomes: readonly ReadOutcome[]): Promise<Candidate[]> {
    const contents = await Promise.all(
      outcomes.map(async (outcome) =>
        outcome.status === 'read' ? await this.#contents.find(outcome.sha256) : undefined,
      ),
    )
    const again: Candidate[] = []
    this.#chain.manifest.transaction(() => {
      for (const [i, candidate] of candidates.entries()) {
        const outcome = outcomes[i]
        if (!outcome || !this.#write(candidate, outcome, contents[i])) again.push(candidate)
        else this.#jobs.advance(sourceOf(candidate.directory), 1, candidate.size)
      }
    })
    return again
  }

  #write(candidate: Candidate, outcome: ReadOutcome, content: number | undefined): boolean {
    const path = joinPath(candidate.directory, candidate.name)
    switch (outcome.status) {
      case 'read':
        if (content === undefined) return false
        this.#put(candidate, outcome, content)
        this.#checkSha1(path, outcome.sha1)
        return true
      case 'grown':
        return false
      case 'vanished':
        this.vanished += 1
        this.#archive(candidate)
        return true
      case 'unreadable':
        this.#tally.problem('unreadable', path, outcome.reason)
        return true
      case 'unstable':
        this.#tally.problem('unstable', path, 'it kept changing while it was read')
        return true
    }
  }

  #put({ directory, name, isNew }: Candidate, read: ReadOutcome & { status: 'read' }, content: number): void {
    const { manifest, sequence } = this.#chain
    const id = manifest.directoryId(directory, sequence)
    manifest.putEntry(id, { ...read.metadata, name, type: entryTypes.file, content }, sequence)
    this.#tally.changes[isNew ? 'added' : 'changed'] += 1
  }

  #archive({ directory, name, isNew }: Candidate): void {
    if (isNew) return
    const { manifest, sequence } = this.#chain
    manifest.archiveEntry(manifest.directoryId(directory, sequence), name, sequence)
    this.#tally.changes.archived += 1
  }

  #checkSha1(path: string, sha1: string | undefined): void {
    const expected = sha1 === undefined ? undefined : this.#work.expectedFile(path)?.sha1?.toString('hex')
    if (sha1 === expected || expected === undefined) return
    this.#tally.problem('mismatched', path, `its SHA-1 is ${sha1}, Immich wrote down ${expected}`)
  }
}
