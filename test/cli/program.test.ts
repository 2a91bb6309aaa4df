import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { runInProcess } from './inProcess.ts'
import { workplace } from './safelight.ts'

const names = commands.flatMap((entry) =>
  'commands' in entry ? entry.commands.map(({ name }) => `${entry.name} ${name}`) : [entry.name],
)

test('help lists every command and goes to stdout', async () => {
  await using place = await workplace()
  const { exitCode, stdout, stderr } = await place.runProgram(['--help'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  for (const { name, summary } of commands)
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`${name} ${summary}`.slice(0, 30))
})

test.each(names)('safelight %s --help describes the command with examples, in 80 columns', async (name) => {
  const { exitCode, stdout } = await runInProcess([...name.split(' '), '--help'], { cwd: tmpdir() })
  expect(exitCode).toBe(0)
  expect(stdout).toContain(`Usage: safelight ${name}`)
  expect(stdout).toMatch(/\nExamples:\n {2}\$ safelight /)
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
})

test('the version is that of the package', async () => {
  await using place = await workplace()
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  expect(await place.runProgram(['--version'])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' })
})

test.each([
  [['confg'], "unknown command 'confg'", 'Did you mean config?'],
  [['config', 'lst'], "unknown command 'lst'", 'Did you mean list?'],
  [['config', 'list', '--jso'], "unknown option '--jso'", 'Did you mean --json?'],
  [['config', 'list', 'surplus'], 'too many arguments', 'See --help.'],
  [['config', 'list', '--config'], "option '--config <file>' argument missing", 'See --help.'],
])('arguments that make no sense are told, with exit code 1: %j', async (args, message, hint) => {
  const { exitCode, stdout, stderr } = await runInProcess(args, { cwd: tmpdir() })
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(stderr).toContain(`error: ${message}`)
  expect(stderr).toContain(hint)
})

test.each([[[]], [['config']], [['keys']]])(
  'without a command help goes to stderr, with exit code 1: %j',
  async (args) => {
    const { exitCode, stdout, stderr } = await runInProcess(args, { cwd: tmpdir() })
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toContain('Commands:')
  },
)

test('a global option may stand before or after the command', async () => {
  await using place = await workplace()
  const before = await place.runProgram(['--json', 'config', 'list'])
  const after = await place.runProgram(['config', 'list', '--json'])
  expect(JSON.parse(before.stdout)).toEqual(JSON.parse(after.stdout))
})

test('a reader that goes away is no error', async () => {
  await using place = await workplace()
  const shown = await place.atTerminal(
    'safelight config list | head -n 1; safelight config list | true; echo end',
    [],
  )
  expect(shown).toMatch(/^Field .*From\s+end\s*$/)
})

test('a terminal gets colours, and 80 columns are enough', async () => {
  await using place = await workplace()
  const command = 'safelight config init && safelight config list'
  const plain = await place.atTerminal(`NO_COLOR=1; export NO_COLOR; ${command}`, [])
  expect(plain).not.toContain('\u001b[')
  expect(plain.split(/\r?\n/).filter((line) => line.length > 80 && !line.includes(place.path))).toEqual([])
  expect(await place.atTerminal('safelight config list', [])).toContain('\u001b[1mField')
})
