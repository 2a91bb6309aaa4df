import type { Finding } from '../../storage/probe/finding.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Swept } from '../../storage/sweep.ts'
import { formatBytes, formatNumberOf } from '../../shared/format.ts'
import { usualColumns, type Style } from './output.ts'
import { reflow } from './reflow.ts'
import { displayWidth, pad } from './width.ts'

/** What came of checking a destination. It is the document of `check --json`, too. */
export interface CheckedDestination {
  destination: string
  type: string
  /** Null where it could not even be opened. */
  location: string | null
  findings: Finding[]
  /** What it can't do, each to be read after "It can't". */
  cannot: string[]
}

const colours = { good: 'green', weak: 'yellow', bad: 'red', unknown: 'dim' } as const
const resultWidth = 'unknown'.length
/** Lines longer than this are hard to read. */
const widest = 100

/** Every finding on a line, with what to do about it below. */
export function checkReport(
  checked: readonly CheckedDestination[],
  { columns, style }: { columns: number; style: Style },
): string {
  const width = Math.min(columns === Infinity ? usualColumns : columns, widest)
  return checked.map((each) => destinationReport(each, width, style)).join('\n\n')
}

function destinationReport(
  { destination, type, location, findings, cannot }: CheckedDestination,
  width: number,
  style: Style,
): string {
  const whatWidth = Math.max(...findings.map(({ what }) => displayWidth(what)))
  const indent = 2 + resultWidth + 2 + whatWidth + 2
  const told = new Set<string>()
  const lines = findings.flatMap(({ what, result, detail, remedy }) => {
    const head = `  ${pad(result, resultWidth)}  ${pad(what, whatWidth)}  `
    const [first = '', ...rest] = paragraph(detail, indent, width)
    const again = remedy !== undefined && told.has(remedy)
    if (remedy !== undefined) told.add(remedy)
    return [
      `  ${style(colours[result], head.slice(2, 2 + resultWidth))}${head.slice(2 + resultWidth)}${first.trimStart()}`,
      ...rest,
      ...(remedy === undefined ? [] : paragraph(again ? '-> As above.' : `-> ${remedy}`, indent, width)),
    ]
  })
  const lacks = cannot.flatMap((lack) => paragraph(`It can't ${lack}.`, 2, width))
  return [
    style('bold', `${destination}: ${type}${location === null ? '' : `, ${location}`}`),
    ...lines,
    ...lacks,
  ].join('\n')
}

/** The lines of a text, each behind so many spaces. Texts of several lines keep them. */
function paragraph(text: string, indent: number, width: number): string[] {
  return text.split('\n').flatMap((line) => reflow(' '.repeat(indent) + line.trim(), width).split('\n'))
}

/** What a sweep came to, among the findings. */
export function sweptFinding({ removed, bytes, kept, refused }: Swept, { leftovers }: Storage): Finding {
  const size = bytes > 0 ? `, ${formatBytes(bytes)}` : ''
  const young = kept > 0 ? `; ${kept} are not a week old, and stay` : ''
  const detail = `${formatNumberOf(removed, 'leftover')} removed${size}${young}`
  if (!refused) return { what: 'sweep', result: 'good', detail }
  return {
    what: 'sweep',
    result: 'weak',
    detail: `${detail}; these credentials may not remove the others`,
    remedy: leftovers?.rule ?? 'Sweep with credentials that may delete.',
  }
}
