import { displayWidth } from './width.ts'

/**
 * Breaks a help text anew, so that its author need not count columns: lines that are not indented and follow one
 * another are a paragraph; an indented line that is too long goes on with the same indentation.
 */
export function reflow(text: string, columns: number): string {
  const lines: string[] = []
  let paragraph = false
  for (const line of text.split('\n')) {
    const plain = /^\S/.test(line)
    if (plain && paragraph) lines.push(`${lines.pop()} ${line}`)
    else lines.push(line)
    paragraph = plain
  }
  return lines.map((line) => broken(line, columns)).join('\n')
}

function broken(line: string, columns: number): string {
  if (displayWidth(line) <= columns) return line
  const indent = /^ */.exec(line)?.[0] ?? ''
  const lines: string[] = []
  let current = indent
  for (const word of line.trim().split(' ')) {
    const longer = current === indent ? current + word : `${current} ${word}`
    if (current !== indent && displayWidth(longer) > columns) {
      lines.push(current)
      current = indent + word
    } else {
      current = longer
    }
  }
  return [...lines, current].join('\n')
}
