import { stripVTControlCharacters } from 'node:util'

const segmenter = new Intl.Segmenter()
const wide =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{20000}-\u{3FFFD}]/u

/** How many columns of a terminal a text takes; colour codes take none. */
export function displayWidth(text: string): number {
  let width = 0
  for (const { segment } of segmenter.segment(stripVTControlCharacters(text))) width += widthOf(segment)
  return width
}

/** A text with spaces up to a number of columns. */
export function pad(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, columns - displayWidth(text)))
  return align === 'left' ? text + space : space + text
}

/** A text without colours, cut to a number of columns, with `…` where its middle was. */
export function shorten(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  const segments = Array.from(segmenter.segment(text), ({ segment }) => segment)
  const room = Math.max(0, columns - 1)
  const end = takeColumns(segments.toReversed(), Math.floor(room / 2)).toReversed()
  const start = takeColumns(segments, room - displayWidth(end.join('')))
  return columns < 1 ? '' : `${start.join('')}…${end.join('')}`
}

function takeColumns(segments: readonly string[], columns: number): string[] {
  const taken: string[] = []
  let left = columns
  for (const segment of segments) {
    left -= widthOf(segment)
    if (left < 0) break
    taken.push(segment)
  }
  return taken
}

function widthOf(segment: string): number {
  return wide.test(segment) ? 2 : 1
}
