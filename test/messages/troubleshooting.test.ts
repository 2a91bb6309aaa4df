import { glob, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

async function sourceText(): Promise<string> {
  const files = await Array.fromAsync(glob('src/**/*.ts', { cwd: root }))
  const texts = await Promise.all(files.map(async (file) => await readFile(root + file, 'utf8')))
  return texts.join('\n').replaceAll('\\', '')
}

test('docs/troubleshooting.md quotes messages as the program has them', async () => {
  const page = await readFile(`${root}docs/troubleshooting.md`, 'utf8')
  // An item of a list, or a row of a table, begins with the message that it is about; … stands for what is filled in.
  const quoted = Array.from(page.matchAll(/^(?:- |\| )`([^`]+)`/gm), ([, message]) => message ?? '')
  expect(quoted.length).toBeGreaterThan(20)
  const source = await sourceText()
  const parts = quoted.flatMap((message) => message.split('…').map((part) => part.trim()))
  expect(parts.filter((part) => part.includes(' ') && !source.includes(part))).toEqual([])
})
