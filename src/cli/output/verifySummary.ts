import { recentDays, type Coverage } from '../../runs/verify/population.ts'
import type { VerifyOutcome, VerifyResult } from '../../runs/verify/verification.ts'
import { printablePath } from '../../shared/bytePath.ts'
import { formatBytes, formatCount, formatNumberOf, formatTime } from '../../shared/format.ts'
import type { Style } from './output.ts'

interface VerifyEnd {
  destination: string
  location: string
  result: VerifyResult
}

/** Findings and paths named in the text; the JSON has more. */
const shown = 10

/** The end of a verification for other programs: fields are added, never renamed. */
export function verifyDocument({ destination, location, result }: VerifyEnd): unknown {
  return { destination, location, ...result, coverageText: coverageSentence(result) }
}

/** The end of a verification for people. */
export function verifySummary({ destination, location, result }: VerifyEnd, style: Style): string {
  const { snapshot, records, objects, dumps, findings, findingsTotal, affected } = result
  const lines = [
    `${destination}: ${headline(result.outcome, style)} at ${location}`,
    snapshot
      ? `  newest     snapshot ${snapshot.name}, ${formatTime(new Date(snapshot.created))}; ${formatNumberOf(records, 'record')} checked`
      : `  newest     none that can be read; ${formatNumberOf(records, 'record')} checked`,
    `  level      ${result.level}${result.level === 'list' ? '' : `, ${formatBytes(objects.bytes)} of objects`}`,
    `  objects    ${result.statement}`,
    result.level === 'list'
      ? ''
      : `  database   ${dumps === 0 ? 'no dump' : formatNumberOf(dumps, 'dump')} checked`,
    `  coverage   ${coverageSentence(result)}`,
    ...result.warnings.map((warning) => `  warning    ${warning}`),
    findingsTotal > 0 ? `\n${formatNumberOf(findingsTotal, 'finding')}:` : '',
    ...findings
      .slice(0, shown)
      .map(
        ({ kind, key, message }) =>
          `  ${kind}: ${printablePath(message.includes(key) ? message : `${key}: ${message}`)}`,
      ),
    more(findingsTotal),
    affected.total > 0 ? `\n${formatNumberOf(affected.total, 'path')} would not come back whole:` : '',
    ...affected.paths
      .slice(0, shown)
      .map(
        ({ path, first, last, inNewest }) =>
          `  ${printablePath(path)} (snapshots ${first} to ${last}${inNewest ? ', the newest' : ''})`,
      ),
    more(affected.total),
    ...advice(result),
  ]
  return lines.filter((line) => line !== '').join('\n')
}

/** `every object was read back since 2026-08-01`, or how much of it was. */
function coverageSentence({ coverage: { read, stored } }: Pick<VerifyResult, 'coverage'>): string {
  if (read.objects === 0) return 'there is no object yet'
  if (read.never === 0) return `every object was read back since ${dayOf(read)}`
  const readShare = `${share(read)} of all objects were read back within ${recentDays} days`
  if (stored.never === 0) {
    return `every object's stored bytes were compared with their checksums since ${dayOf(stored)}; ${readShare}`
  }
  if (stored.recent === read.recent) return readShare
  return `${readShare}, and the stored bytes of ${share(stored)} at least compared with their checksums`
}

function headline(outcome: VerifyOutcome, style: Style): string {
  if (outcome === 'good') return style('green', 'verified, all good,')
  return outcome === 'damaged' ? style('red', 'DAMAGED') : style('yellow', 'not verified entirely')
}

function dayOf({ since }: Coverage): string {
  return since?.slice(0, 10) ?? 'never'
}

/** Rounded down: 100 % is all. */
function share({ recent, objects }: Coverage): string {
  return `${formatCount(Math.floor((100 * recent) / objects))} %`
}

function more(total: number): string {
  return total > shown ? `  and ${formatCount(total - shown)} more; --json names them` : ''
}

function advice({ outcome }: VerifyResult): string[] {
  if (outcome === 'good') return []
  if (outcome === 'incomplete') {
    return [
      '\nThe storage did not give everything. Nothing says that it is damaged: look at it, and verify again.',
    ]
  }
  return [
    '\nWhat to do: delete nothing. Look whether the storage keeps older versions of the objects named above, and put those back;',
    'a copy of the vault at another destination has the same objects only if it was copied from this one. Files that are',
    'still in the library can be backed up into a new vault. Snapshots that are not named above are not affected.',
  ]
}
