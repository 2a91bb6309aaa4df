import { fileProblem } from './fileErrors.ts'
import { PathError } from './restoreFolder.ts'
import type { FileReport, RestoreProblem } from './target.ts'

/** What a restore did. */
export interface RestoreCounts {
  /** Files that were written. */
  restored: number
  /** Files and links that were there already, as the snapshot has them. */
  already: number
  directories: number
  symlinks: number
  /** Bytes of all these files. */
  bytes: number
  ownersNotSet: number
}

/** More are counted, and not kept. */
const problemsKept = 1000

/** Counts what becomes of paths. */
export class RestoreTally {
  readonly counts: RestoreCounts = {
    restored: 0,
    already: 0,
    directories: 0,
    symlinks: 0,
    bytes: 0,
    ownersNotSet: 0,
  }
  /** The first thousand. */
  readonly problems: RestoreProblem[] = []
  readonly problemCounts: Partial<Record<RestoreProblem['kind'], number>> = {}

  get problemCount(): number {
    return Object.values(this.problemCounts).reduce((sum, n) => sum + n, 0)
  }

  add(report: FileReport): void {
    this.counts.restored += report.restored
    this.counts.already += report.already
    this.counts.ownersNotSet += report.ownersNotSet
    this.counts.bytes += report.otherBytes
    for (const problem of report.problems) this.problem(problem)
  }

  problem(problem: RestoreProblem): void {
    this.problemCounts[problem.kind] = (this.problemCounts[problem.kind] ?? 0) + 1
    if (this.problems.length < problemsKept) this.problems.push(problem)
  }

  /**
   * Does something for one path; what is wrong with that path is noted.
   * @returns what `work` gave, or undefined after a problem.
   * @throws what ends the whole restore; see {@link fileProblem}.
   */
  attempt<T>(treePath: string, path: string, work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      if (error instanceof PathError)
        this.problem({ path: treePath, kind: error.kind, message: error.message })
      else this.problem({ path: treePath, kind: 'failed', message: fileProblem(error, path) })
      return undefined
    }
  }
}
