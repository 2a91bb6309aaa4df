import { displayWidth, pad, shorten } from './width.ts'

export interface Column {
  title: string
  align?: 'left' | 'right'
  /** The column that gives way when the table is wider than its place. */
  shrinks?: boolean
}

const gap = '  '
const smallestColumn = 8

/**
 * A table as text, without a newline at its end.
 * @param columns their titles, and how they are laid out.
 * @param rows their cells, as many as there are columns.
 * @param width columns of the terminal; Infinity where nothing needs to fit.
 * @param heading how the line of titles is dressed, for example in bold.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  heading: (text: string) => string = (text) => text,
): string {
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(row[index] ?? ''))),
  )
  const excess = widths.reduce((sum, each) => sum + each + gap.length, -gap.length) - width
  const shrinking = columns.findIndex((column) => column.shrinks)
  if (excess > 0 && shrinking >= 0) {
    widths[shrinking] = Math.max(smallestColumn, (widths[shrinking] ?? 0) - excess)
  }
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, index) => {
        const room = widths[index] ?? 0
        return pad(shorten(cells[index] ?? '', room), room, column.align)
      })
      .join(gap)
      .trimEnd()
  return [heading(line(columns.map(({ title }) => title))), ...rows.map(line)].join('\n')
}
