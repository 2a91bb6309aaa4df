import { SnapshotView } from '../../manifest/view.ts'
import { entryTypes } from '../../manifest/entry.ts'
import { formatCount } from '../../shared/format.ts'
import type { CrossCheck, SnapshotRecord } from '../../vault/record.ts'
import type { HostChain } from './hostChain.ts'
import type { FolderSource } from './source.ts'
import type { Tally } from './tally.ts'
import type { WorkList } from './workList.ts'

/**
 * Holds the dump against the files: every file that the database names, and that Immich can't make again, has to be in
 * the snapshot. What is missing is counted, and told by name up to a limit.
 */
export function crossCheckFiles(
  context: { chain: HostChain; work: WorkList; tally: Tally; sources: readonly FolderSource[] },
  assets: number,
): CrossCheck {
  const { chain, work, tally, sources } = context
  const view = new SnapshotView(chain.manifest.db, chain.sequence)
  const result: CrossCheck = { expected: 0, missing: 0, mismatched: tally.mismatched, assets }
  let directory: string | undefined
  let names = new Set<string>()
  for (const path of work.requiredFiles()) {
    if (!sources.some(({ treePath }) => path.startsWith(`${treePath}/`))) continue
    result.expected += 1
    const slash = path.lastIndexOf('/')
    if (directory !== path.slice(0, slash)) {
      directory = path.slice(0, slash)
      names = fileNames(view, directory)
    }
    if (names.has(path.slice(slash + 1))) continue
    result.missing += 1
    tally.problem('missing', path, 'the database names it, but it is not there')
  }
  return result
}

function fileNames(view: SnapshotView, directory: string): Set<string> {
  const names = new Set<string>()
  for (const { path, type } of view.entriesIn(directory)) {
    if (type === entryTypes.file) names.add(path.slice(directory.length + 1))
  }
  return names
}

/** A tenth of the files, or of the assets, gone since the last restore point is more than a person tidies up. */
const sharpDropShare = 0.1

/** What dropped sharply since the last restore point: sentences for the record; none when nothing did. */
export function sharpDrops(
  before: SnapshotRecord['restorePoint'],
  files: number,
  assets: number | undefined,
): string[] {
  if (!before) return []
  const drops: string[] = []
  const check = (what: string, was: number | null, is: number | undefined): void => {
    if (was === null || is === undefined || was === 0 || is > was * (1 - sharpDropShare)) return
    drops.push(
      `${what} dropped sharply, from ${formatCount(was)} to ${formatCount(is)}, since snapshot ${before.sequence}`,
    )
  }
  check('files', before.files, files)
  check('assets', before.assets, assets)
  return drops
}
