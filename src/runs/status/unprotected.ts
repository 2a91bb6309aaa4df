import { formatNumberOf } from '../../shared/format.ts'
import type { SnapshotRecord } from '../../vault/record.ts'
import { countedWarnings } from '../backup/countedWarnings.ts'
import type { RunReport } from '../backup/runReport.ts'
import type { Problem } from './problem.ts'

/** Files that the last good backup does not hold as they are now. */
export interface Unprotected {
  kind: 'unreadable' | 'unstable' | 'missing' | 'skipped' | 'deferred'
  files: number
  /** For people: an addition to `2 files`. */
  why: string
  /** Some of them. Paths as in bytePath.ts. */
  examples: readonly { path: string; reason: string }[]
}

const reasons: Readonly<Record<Unprotected['kind'], string>> = {
  unreadable: 'unreadable',
  unstable: 'changing while being read',
  missing: 'named by the database but not there',
  skipped: 'no ordinary files, or on other file systems',
  deferred: 'perhaps still being uploaded: the next run takes them',
}

export interface LastGoodState {
  unprotected: Unprotected[]
  /** What else its record warns of, for people. */
  warnings: string[]
  problems: Problem[]
}

/**
 * What the last good backup lacks, and what was odd about it.
 * @param report of its run; undefined where it can't be read: then nothing is named, and what was skipped is not counted.
 */
export function lastGoodState(record: SnapshotRecord, report: RunReport | undefined): LastGoodState {
  const { changes, crossCheck } = record
  const missing = crossCheck?.missing ?? 0
  const skipped = report?.skipped ?? 0
  const { unreadable, unstable, deferred } = changes
  const unprotected = Object.entries({ unreadable, unstable, missing, skipped, deferred })
    .filter(([, files]) => files > 0)
    .map(([name, files]): Unprotected => {
      const kind = name as Unprotected['kind']
      const examples = (report?.examples ?? []).filter((example) => example.kind === kind)
      return {
        kind,
        files,
        why: reasons[kind],
        examples: examples.map(({ path, reason }) => ({ path, reason })),
      }
    })
  const told = countedWarnings({ unreadable, unstable, mismatched: 0, missing, skipped })
  const warnings = record.warnings.filter((warning) => !told.includes(warning))
  return { unprotected, warnings, problems: partialProblems(record, report) }
}

function partialProblems({ changes, sharpDrop }: SnapshotRecord, report: RunReport | undefined): Problem[] {
  const unread = changes.unreadable + changes.unstable
  if (sharpDrop) return [attention('many files or assets were gone at once in the last good backup')]
  if (unread > 0) {
    return [attention(`the last good backup lacks ${formatNumberOf(unread, 'file')} that could not be read`)]
  }
  return report?.exitCode === 3 ? [attention('the last good backup asks for a look at its warnings')] : []
}

function attention(message: string): Problem {
  return { kind: 'partial', severity: 'attention', message }
}
