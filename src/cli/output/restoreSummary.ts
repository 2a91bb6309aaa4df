import type { RestoreResult } from '../../runs/restore/restore.ts'
import type { ObjectTotals } from '../../runs/thaw/frozenObjects.ts'
import { printablePath } from '../../shared/bytePath.ts'
import type { SnapshotRecord } from '../../vault/record.ts'
import { recordName } from '../../vault/snapshots.ts'
import { formatBytes, formatCount, formatNumberOf, formatTime } from '../../shared/format.ts'

interface RestoreEnd {
  destination: string
  location: string
  record: SnapshotRecord
  result: RestoreResult
}

/** Problems named in the text; the JSON has more. */
const problemsShown = 20

/** The end of a restore for other programs: fields are added, never renamed. */
export function restoreDocument({ destination, location, record, result }: RestoreEnd): unknown {
  const { tally, root, dump, pending } = result
  return {
    destination,
    location,
    snapshot: { id: recordName(record), created: record.created },
    to: root,
    counts: tally.counts,
    dump: dump ?? null,
    pending: pending.total,
    problemCount: tally.problemCount,
    problemCounts: tally.problemCounts,
    problems: tally.problems,
  }
}

/** The end of a restore for people. */
export function restoreSummary({ destination, record, result }: RestoreEnd): string {
  const { tally, root, dump, pending } = result
  if (pending.total.objects > 0) return stillThawing(destination, pending.total)
  const { counts, problems, problemCount } = tally
  const lines = [
    `${destination}: snapshot ${recordName(record)} of ${formatTime(new Date(record.created))} restored to ${root}`,
    `  files      ${formatCount(counts.restored)} written, ${formatCount(counts.already)} there already (${formatBytes(counts.bytes)})`,
    `  others     ${formatNumberOf(counts.directories, 'folder')}, ${formatNumberOf(counts.symlinks, 'symbolic link')}`,
    dump === undefined ? '' : `  database   ${root}/${dump}`,
    counts.ownersNotSet > 0
      ? `  owners     ${formatNumberOf(counts.ownersNotSet, 'path')} belong to you instead of their owners; run as root to set them`
      : '',
    problemCount > 0 ? `  problems   ${formatNumberOf(problemCount, 'path')} not restored as they were:` : '',
    ...problems
      .slice(0, problemsShown)
      .map(({ kind, path, message }) => `    ${kind}: ${printablePath(path)}: ${message}`),
    problemCount > problemsShown ? '    and more, named by --json' : '',
  ]
  return lines.filter((line) => line !== '').join('\n')
}

function stillThawing(destination: string, { objects, bytes }: ObjectTotals): string {
  return `${destination}: nothing was restored yet: ${formatNumberOf(objects, 'object')} (${formatBytes(bytes)}) ${objects === 1 ? 'has' : 'have'} to thaw first. Run the same command again when that is done`
}
