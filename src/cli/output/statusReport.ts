import type { RecentCoverage, VerificationStatus } from '../../runs/status/coverage.ts'
import type { DestinationStatus } from '../../runs/status/destinationStatus.ts'
import type { LeftOut } from '../../runs/status/leftOut.ts'
import type { OverallStatus } from '../../runs/status/overallStatus.ts'
import type { Problem, ProblemKind } from '../../runs/status/problem.ts'
import type { Unprotected } from '../../runs/status/unprotected.ts'
import { recentDays } from '../../runs/verify/population.ts'
import { printablePath } from '../../shared/bytePath.ts'
import { formatBytes, formatCount, formatDuration, formatNumberOf, formatTime } from '../../shared/format.ts'
import { recordName } from '../../vault/snapshots.ts'
import { field } from './field.ts'
import { usualColumns, type Style } from './output.ts'
import { reflow } from './reflow.ts'
import { runningLines } from './runningLines.ts'

/** Lines longer than this are hard to read. */
const widest = 100
/** Files named for each reason; the JSON has more. */
const filesShown = 3

/** How the backups stand, for people. */
export function statusReport(
  { destinations, now }: OverallStatus,
  left: readonly LeftOut[],
  { columns, style }: { columns: number; style: Style },
): string {
  const width = Math.min(columns === Infinity ? usualColumns : columns, widest)
  const reports = destinations.map((each) => destinationReport(each, now, width, style))
  return [...reports, ...leftOutLine(left, width)].join('\n\n')
}

function destinationReport(status: DestinationStatus, now: Date, width: number, style: Style): string {
  const { lastGood, location, due, current, unprotected, warnings, verification } = status
  const line = (label: string, text: string): string => field(label, text, width)
  return [
    headline(status, style),
    ...status.problems.flatMap((problem) => problemLines(problem, width, style)),
    ...(current ? runningLines(current, now).map(([label, text]) => line(label, text)) : []),
    ...(lastGood
      ? [
          line('snapshot', `${recordName(lastGood)}, ${formatTime(new Date(lastGood.created))}`),
          line(
            'protects',
            `${formatNumberOf(lastGood.counts.files, 'file')}, ${formatBytes(lastGood.counts.bytes)}`,
          ),
          line(
            'database',
            lastGood.database
              ? `Immich ${lastGood.immich?.version ?? 'unknown'}, dumped ${formatTime(new Date(lastGood.database.taken))}`
              : 'none',
          ),
        ]
      : []),
    ...unprotected.map((each) => line('lacks', lackText(each))),
    ...warnings.map((warning) => line('warning', warning)),
    ...(due ? [line('next', `${due < now ? 'was ' : ''}expected by ${formatTime(due)}`)] : []),
    ...(verification === undefined ? [] : [line('verified', verifiedText(verification))]),
    ...(location === undefined ? [] : [line('lies at', location)]),
  ].join('\n')
}

const badWords: Readonly<Partial<Record<ProblemKind, string>>> = {
  unreachable: 'OUT OF REACH',
  hidden: 'SNAPSHOTS ARE MISSING',
  damaged: 'DAMAGED',
  never: 'NO BACKUP YET',
  overdue: 'OVERDUE',
  failed: 'FAILED',
}

function headline({ destination, health, problems, age }: DestinationStatus, style: Style): string {
  const last = age === undefined ? '' : `, last good backup ${formatDuration(Math.max(0, age))} ago`
  return `${style('bold', destination)}: ${healthWord(health, problems, style)}${last}`
}

function healthWord(health: DestinationStatus['health'], [worst]: readonly Problem[], style: Style): string {
  if (health === 'good') return style('green', 'good')
  if (health === 'attention') return style('yellow', 'needs a look')
  return style('red', (worst && badWords[worst.kind]) ?? 'BAD')
}

function problemLines({ severity, message, hint }: Problem, width: number, style: Style): string[] {
  const label = severity === 'note' ? 'note' : 'problem'
  const colour = severity === 'bad' ? 'red' : 'yellow'
  const dress = (plain: string): string => (severity === 'note' ? plain : style(colour, plain))
  return [
    field(label, message, width, dress),
    ...(hint === undefined ? [] : hint.split('\n').map((each) => field('', `-> ${each}`, width))),
  ]
}

function lackText({ kind, files, why, examples }: Unprotected): string {
  const shown = examples
    .slice(0, filesShown)
    .map(({ path, reason }) => printablePath(path) + (kind === 'unreadable' ? ` (${reason})` : ''))
  const named = shown.length === 0 ? '' : `: ${shown.join(', ')}${files > shown.length ? ', ...' : ''}`
  return `${formatNumberOf(files, 'file')}, ${why}${named}`
}

function verifiedText(verification: VerificationStatus | null): string {
  if (!verification) return 'never; safelight verify-restore does it'
  const { started, outcome, coverage } = verification
  const last = `last on ${started.toISOString().slice(0, 10)}${outcome === 'good' ? '' : `, ${outcome}`}`
  return coverage ? `${coverageText(coverage)}; ${last}` : last
}

/** `94 % read back within 90 days` */
function coverageText({ objects, read, stored }: RecentCoverage): string {
  if (objects === 0) return 'nothing was there to verify'
  const share = (part: number): string => `${formatCount(Math.floor((100 * part) / objects))} %`
  const more = stored > read ? `, ${share(stored)} compared with checksums` : ''
  return `${share(read)} read back within ${recentDays} days${more}`
}

/** What is left out on purpose, those with the same reason together. */
function leftOutLine(left: readonly LeftOut[], width: number): string[] {
  if (left.length === 0) return []
  const reasons = Object.entries(Object.groupBy(left, ({ why }) => why))
  const parts = reasons.map(([why, group = []]) => `${group.map(({ what }) => what).join(', ')} (${why})`)
  return [reflow(`Left out of every backup: ${parts.join('; ')}`, width)]
}
