import type { Usage } from './command.ts'
import { peers } from './programs.ts'
import { steps, type Step } from './programs/program.ts'
import type { Measured, Series } from './series.ts'

/** One measured series. */
export interface SeriesResult {
  series: Series
  measured: Measured[]
}

/** The usage of the fastest run. Noise only ever makes a run slower. */
export function best(measured: Measured): Usage {
  const [first, ...others] = measured.usages
  if (!first) throw new Error('nothing was measured')
  return others.reduce((a, b) => (b.wall < a.wall ? b : a), first)
}

/** The least that any of the other backup programs took, or undefined when none was measured. */
export function bestPeer(measured: readonly Measured[], step: Step, figure: keyof Usage): number | undefined {
  const values = measured
    .filter((one) => one.step === step && peers.includes(one.program))
    .map((one) => best(one)[figure])
  return values.length === 0 ? undefined : Math.min(...values)
}

export function seriesTitle({ library, place, runs }: Series): string {
  return `${library.name}, ${place === 's3' ? 'S3' : 'local'}, best of ${runs} runs`
}

/** A series as a Markdown table. */
export function seriesTable({ series, measured }: SeriesResult): string {
  const rows = steps.flatMap((step) =>
    measured.filter((one) => one.step === step).map((one) => row(one, measured, series)),
  )
  return markdownTable(
    [
      'step',
      'program',
      'wall s',
      'all runs',
      'MB/s',
      'user s',
      'system s',
      'peak MB',
      'wall : best peer',
      'user : best peer',
    ],
    rows,
  )
}

function row(one: Measured, measured: readonly Measured[], { library }: Series): string[] {
  const { wall, user, system, memory } = best(one)
  const walls = one.usages.map((usage) => usage.wall)
  return [
    one.step,
    one.program,
    wall.toFixed(2),
    `${Math.min(...walls).toFixed(2)}-${Math.max(...walls).toFixed(2)}`,
    one.step === 'nothing changed' ? '' : (library.bytes / 1e6 / wall).toFixed(0),
    user.toFixed(2),
    system.toFixed(2),
    (memory / 1e6).toFixed(0),
    ratio(wall, bestPeer(measured, one.step, 'wall')),
    ratio(user, bestPeer(measured, one.step, 'user')),
  ]
}

function ratio(figure: number, reference: number | undefined): string {
  return reference === undefined || reference === 0 ? '' : (figure / reference).toFixed(2)
}

/** Rows as a Markdown table whose columns are aligned in the source, too. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, i) => Math.max(3, name.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, i) => (cells[i] ?? '').padEnd(width)).join(' | ')} |`
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
