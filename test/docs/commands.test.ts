/*
 * docs/commands.md is what this test makes of the program's own help:
 *
 *   npx vitest run test/docs/commands.test.ts --update
 */
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { exitCodes } from '../../src/shared/errors.ts'
import { runInProcess } from '../cli/inProcess.ts'

interface Listed {
  name: string
  summary: string
}

const all: Listed[] = commands.flatMap((entry) =>
  'commands' in entry
    ? entry.commands.map(({ name, summary }) => ({ name: `${entry.name} ${name}`, summary }))
    : [entry],
)

const introduction = `# Commands

Every command with every flag, as its own \`--help\` tells them. The [README](../README.md#exit-codes) has the exit codes, [configuration.md](configuration.md) the
configuration file, and [troubleshooting.md](troubleshooting.md) what to do when something fails.

This page is made from the program: \`npx vitest run test/docs/commands.test.ts --update\`.`

async function helpOf(command: string): Promise<string> {
  const words = command.split(' ').filter((word) => word !== '')
  const { exitCode, stdout } = await runInProcess([...words, '--help'], { cwd: tmpdir() })
  expect(exitCode).toBe(0)
  return `\`\`\`text\n${stdout.trimEnd()}\n\`\`\``
}

async function page(): Promise<string> {
  const list = all.map(({ name, summary }) => {
    const title = `safelight ${name}`
    return `- [${title}](#${title.replaceAll(' ', '-')}): ${summary}`
  })
  const parts = [introduction, await helpOf(''), list.join('\n')]
  for (const { name } of all) parts.push(`## safelight ${name}`, await helpOf(name))
  return `${parts.join('\n\n')}\n`
}

test('docs/commands.md tells of every command and flag what its help tells', async () => {
  await expect(await page()).toMatchFileSnapshot('../../docs/commands.md')
})

test('the README explains every exit code', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const explained = Array.from(readme.matchAll(/^\| (\d+) +\|/gm), ([, code]) => Number(code))
  expect(explained).toEqual(Object.values(exitCodes))
})
