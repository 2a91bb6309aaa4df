import type { BackupEnd, BackupResult, DonePart } from '../../runs/backup/plan.ts'
import { printablePath } from '../../shared/bytePath.ts'
import { recordName } from '../../vault/snapshots.ts'
import { describeError } from './errors.ts'
import { formatBytes, formatCount, formatDuration, formatNumberOf } from '../../shared/format.ts'

/** Problems named in the text; the JSON has more, and the run report in the vault has them, too. */
const problemsShown = 10

/** The end of a backup for other programs: fields are added, never renamed. */
export function backupDocument({ destination, result, error }: BackupEnd): unknown {
  if (!result) {
    const { message, exitCode } = describeError(error)
    return { destination, exitCode, snapshot: null, error: message }
  }
  const { location } = result
  const record = result.snapshot?.record
  return {
    destination,
    location,
    exitCode: result.exitCode,
    snapshot: record
      ? {
          id: recordName(record),
          created: record.created,
          immich: record.immich,
          counts: record.counts,
          changes: record.changes,
          crossCheck: record.crossCheck,
          database: record.database,
          sharpDrop: record.sharpDrop,
        }
      : null,
    ...(result.part && { part: partDocument(result.part) }),
    toRead: result.toRead,
    changes: result.tally.changes,
    problems: result.tally.examples,
    warnings: result.warnings,
  }
}

/** The end of a backup for people. */
export function backupSummary({ destination, result, error }: BackupEnd): string {
  if (!result) return `${destination}: no snapshot: ${describeError(error).message}`
  const { location } = result
  if (result.dryRun) {
    const { objects, bytes } = result.dryRun.survey.added.content
    return `${destination}: a backup to ${location} would store up to ${formatNumberOf(objects, 'object')}, ${formatBytes(bytes)}`
  }
  if (result.part) return [partSummary(destination, result), ...problemLines(result)].join('\n')
  const { record } = result.snapshot
  const { changes, counts, database, immich, crossCheck } = record
  const took = Date.parse(record.created) - Date.parse(record.started)
  const lines = [
    `${destination}: snapshot ${recordName(record)} at ${location}, ${formatDuration(took)}`,
    `  files      ${formatCount(counts.files)} (${formatBytes(counts.bytes)}): ${formatCount(changes.added)} new, ${formatCount(changes.changed)} changed, ${formatCount(changes.archived)} gone`,
    `  stored     ${formatNumberOf(changes.storedContents, 'new content')}, ${formatBytes(changes.storedBytes)}`,
    database
      ? `  database   ${formatBytes(database.plaintextSize)} (${formatBytes(database.sqlSize)} of SQL), Immich ${immich?.version ?? 'unknown'}, PostgreSQL ${record.postgres?.version ?? 'unknown'}`
      : '  database   none',
    crossCheck
      ? `  checked    ${formatNumberOf(crossCheck.expected, 'file')} that the database names: ${formatCount(crossCheck.missing)} missing, ${formatCount(crossCheck.mismatched)} with another SHA-1`
      : '',
    changes.deferred > 0
      ? `  deferred   ${formatNumberOf(changes.deferred, 'file')} that may still be uploading; the next run takes them`
      : '',
    ...result.warnings.map((warning) => `  warning    ${warning}`),
    ...problemLines(result),
  ]
  return lines.filter((line) => line !== '').join('\n')
}

function partDocument({ record: { record }, missing }: DonePart): unknown {
  const { part, changes } = record
  return { job: part?.job, index: part?.index, of: part?.of, record: recordName(record), changes, missing }
}

function partSummary(destination: string, { location, part }: BackupResult & { part: DonePart }): string {
  const { part: own, changes } = part.record.record
  const share = `part ${own?.index} of ${own?.of}`
  return [
    `${destination}: ${share} of ${own?.job} is stored at ${location}, and waits for part ${part.missing.join(', ')}`,
    `  files      ${formatCount(changes.added)} new, ${formatCount(changes.changed)} changed`,
    `  stored     ${formatNumberOf(changes.storedContents, 'new content')}, ${formatBytes(changes.storedBytes)}`,
  ].join('\n')
}

/** What went wrong with single paths. */
export function problemLines({ tally }: Pick<BackupResult, 'tally'>): string[] {
  const named = tally.examples
    .slice(0, problemsShown)
    .map(({ kind, path, reason }) => `    ${kind}: ${printablePath(path)}: ${reason}`)
  return tally.examples.length > problemsShown ? [...named, '    and more, named by --json'] : named
}
