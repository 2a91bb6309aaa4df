import { glob, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What an error is told with, as it stands in the source. */
export interface Message {
  /** `src/cli/init.ts:80` */
  place: string
  /** Its literal parts, between what is filled in. */
  parts: readonly string[]
}

/** What a storage fails with by itself are errors of other classes. */
const creation = /new UserError\(/g

/** Every message that the program makes a UserError with. Those that are handed on have no text of their own. */
export async function messagesInSource(): Promise<Message[]> {
  const messages: Message[] = []
  for (const file of (await Array.fromAsync(glob('src/**/*.ts', { cwd: root }))).sort()) {
    const source = await readFile(root + file, 'utf8')
    for (const { index, 0: start } of source.matchAll(creation)) {
      const line = source.slice(0, index).split('\n').length
      for (const parts of firstArgument(source, index + start.length))
        messages.push({ place: `${file}:${line}`, parts })
    }
  }
  return messages
}

/** The literal parts of each text in the first argument of a call; several texts are alternatives. */
export function firstArgument(source: string, from: number): string[][] {
  const texts: string[][] = []
  for (let at = from, depth = 0; at < source.length;) {
    const sign = source[at] ?? ''
    if (depth === 0 && (sign === ',' || sign === ')')) break
    if (`'"\``.includes(sign)) {
      const { parts, end } = literal(source, at)
      if (parts.join(' ').includes(' ')) texts.push(parts)
      at = end
      continue
    }
    depth += '([{'.includes(sign) ? 1 : ')]}'.includes(sign) ? -1 : 0
    at += 1
  }
  return texts
}

/** The literal that begins at a quote: its parts between what a template fills in, and where it ends. */
function literal(source: string, start: number): { parts: string[]; end: number } {
  const quote = source[start]
  const parts = ['']
  let at = start + 1
  while (at < source.length && source[at] !== quote) {
    if (quote === '`' && source.startsWith('${', at)) {
      at = endOfHole(source, at + 2)
      parts.push('')
      continue
    }
    if (source[at] === '\\') at += 1
    parts.push(`${parts.pop()}${source[at]}`)
    at += 1
  }
  return { parts, end: at + 1 }
}

function endOfHole(source: string, from: number): number {
  let at = from
  for (let depth = 1; depth > 0 && at < source.length;) {
    if (`'"\``.includes(source[at] ?? '')) {
      at = literal(source, at).end
      continue
    }
    depth += source[at] === '{' ? 1 : source[at] === '}' ? -1 : 0
    at += 1
  }
  return at
}

/** All tests but those beside this file as one text, in which a quoted message looks as it does in the source. */
export async function testsAsText(): Promise<string> {
  const files = await Array.fromAsync(glob('test/**/*.test.ts', { cwd: root, exclude: ['test/messages/**'] }))
  const texts = await Promise.all(files.map(async (file) => await readFile(root + file, 'utf8')))
  return texts.join('\n').replaceAll('\\', '')
}
