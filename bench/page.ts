import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const page = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url))
const begin = '<!-- begin: written by npm run bench -- --write -->'
const end = '<!-- end -->'

/** Puts the result between the two markers of docs/benchmarks.md. @throws Error when they are not there. */
export async function writePage(result: string): Promise<void> {
  const text = await readFile(page, 'utf8')
  const from = text.indexOf(begin)
  const to = text.indexOf(end, from)
  if (from < 0 || to < 0) throw new Error(`${page} has lost its markers: ${begin} and ${end}`)
  await writeFile(page, `${text.slice(0, from + begin.length)}\n\n${result}\n${text.slice(to)}`)
}
