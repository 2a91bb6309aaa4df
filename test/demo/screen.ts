import { styleText } from 'node:util'
import { formatDuration } from '../../src/shared/format.ts'
import { displayWidth, pad, shorten } from '../../src/cli/output/width.ts'
import type { Check } from './checks.ts'

const columns = 80
const indent = '    '

/** What the demo shows, for terminals of 80 columns; with colours where there is a terminal and NO_COLOR is not set. */
export const screen = {
  title(text: string): void {
    write(`\n${style('bold', text)}\n`)
  },

  section(text: string): void {
    write(`\n${style(['bold', 'cyan'], text)}\n`)
  },

  /** A command as a reader would type it. */
  command(line: string): void {
    write(`${style('dim', '  $')} ${style('bold', line)}\n`)
  },

  /** What came of it, and how long it took at the right edge. */
  outcome(text: string, milliseconds?: number): void {
    const time = milliseconds === undefined ? '' : `  ${formatDuration(milliseconds)}`
    const room = columns - indent.length - time.length
    const shown = shorten(text, room)
    write(`${indent}${time === '' ? shown : pad(shown, room) + style('dim', time)}\n`)
  },

  /** One thing that was proved, or not. */
  check({ name, outcome, differences }: Check): void {
    const good = differences.length === 0
    const mark = good ? style('green', '✓') : style('red', '✗')
    write(`  ${mark} ${pad(name, 20)} ${good ? outcome : style('red', differenceCount(differences))}\n`)
    for (const difference of differences.slice(0, shownDifferences)) {
      write(`${indent}${shorten(difference, columns - indent.length)}\n`)
    }
    if (differences.length > shownDifferences) write(`${indent}…\n`)
  },

  warn(text: string): void {
    write(
      `${indent}${style('yellow', 'note:')} ${wrapped(text, columns - indent.length - 6, `${indent}      `)}\n`,
    )
  },

  text(text: string): void {
    write(`${text}\n`)
  },

  verdict(text: string, good: boolean): void {
    write(`\n${style(['bold', good ? 'green' : 'red'], text)}\n`)
  },
}

const shownDifferences = 10

function differenceCount({ length }: readonly string[]): string {
  return length === 1 ? '1 difference' : `${length} differences`
}

function wrapped(text: string, room: number, nextIndent: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && displayWidth(`${line} ${word}`) > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${nextIndent}`)
}

function style(format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { stream: process.stdout })
}

function write(text: string): void {
  process.stdout.write(text)
}
