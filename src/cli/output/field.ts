import { reflow } from './reflow.ts'
import { displayWidth, pad } from './width.ts'

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

/** A text in which the lines that {@link field} could have made, and that are too long, are broken as it breaks them. */
export function fitFields(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) =>
      displayWidth(line) > columns && fieldPattern.test(line)
        ? line.slice(0, indent) + reflow(' '.repeat(indent) + line.slice(indent), columns).slice(indent)
        : line,
    )
    .join('\n')
}

const fieldPattern = new RegExp(`^ {2}\\S.{${labelWidth - 2}} \\S`)
