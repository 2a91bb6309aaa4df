import { reflow } from './reflow.ts'
import { pad } from './width.ts'

const labelWidth = 11
const indent = 2 + labelWidth

/**
 * `  label      text`: where the text is too long it goes on below itself.
 * @param dress how the label is dressed.
 */
export function field(
  label: string,
  text: string,
  columns: number,
  dress: (label: string) => string = (plain) => plain,
): string {
  const lines = reflow(' '.repeat(indent) + text, columns)
  return `  ${dress(label)}${pad('', labelWidth - label.length)}${lines.slice(indent)}`
}
