import type { CheckResult } from '../../runs/check/check.ts'
import { formatNumberOf } from '../../shared/format.ts'
import type { Finding } from '../../storage/probe/finding.ts'
import { usualColumns, type Style } from './output.ts'
import { reflow } from './reflow.ts'
import { displayWidth, pad } from './width.ts'

const colours = { good: 'green', weak: 'yellow', bad: 'red', unknown: 'dim' } as const
const resultWidth = 'unknown'.length
/** Lines longer than this are hard to read. */
const widest = 100

interface Look {
  width: number
  style: Style
}

/** Every finding on a line, with what to do about it below, and how many are bad at the end. */
export function checkReport(
  { findings, destinations }: CheckResult,
  { columns, style }: { columns: number; style: Style },
): string {
  const look = { width: Math.min(columns === Infinity ? usualColumns : columns, widest), style }
  const sections = destinations.map(({ destination, type, location, findings, cannot }) => {
    const heading = `${destination}: ${type}${location === null ? '' : `, ${location}`}`
    const lacks = cannot.flatMap((lack) => paragraph(`It can't ${lack}.`, 2, look.width))
    return [section(heading, findings, look), ...lacks].join('\n')
  })
  if (findings.length > 0) sections.unshift(section('this machine', findings, look))
  const all = [...findings, ...destinations.flatMap((each) => each.findings)]
  return [...sections, summary(all)].join('\n\n')
}

function section(heading: string, findings: readonly Finding[], { width, style }: Look): string {
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
  return [style('bold', heading), ...lines].join('\n')
}

function summary(findings: readonly Finding[]): string {
  const count = (wanted: Finding['result']) => findings.filter(({ result }) => result === wanted).length
  const bad = count('bad')
  const weak = count('weak')
  const better = weak === 0 ? '' : `, and ${weak} could be better`
  if (bad === 0) return `Nothing is bad${better}.`
  return `${formatNumberOf(bad, 'thing')} ${bad === 1 ? 'is' : 'are'} bad${better}. Begin with the first.`
}

/** The lines of a text, each behind so many spaces. Texts of several lines keep them. */
function paragraph(text: string, indent: number, width: number): string[] {
  return text.split('\n').flatMap((line) => reflow(' '.repeat(indent) + line.trim(), width).split('\n'))
}
