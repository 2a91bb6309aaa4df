/* What commands tell of runs: the story of the last one, its JSON lines, what is reset, and what a killed one leaves. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { withoutAliases } from '../../src/cli/aliases.ts'
import type { Context } from '../../src/cli/context.ts'
import { run as reset } from '../../src/cli/reset.ts'
import { exitCodes } from '../../src/shared/errors.ts'
import { thisMachine } from '../../src/state/liveness.ts'
import { openState, readState } from '../../src/state/state.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { runInProcess } from './inProcess.ts'
import { installed, start, untilStored, writeFiles, type Workplace } from './running.ts'
import type { Ended } from './safelight.ts'

const slow =
  'database: false\nlimits: { upload: 1MB/s }\ndestinations: [{ name: disk, type: local, path: vault }]'

async function run(place: Workplace, ...args: string[]): Promise<Ended> {
  return await runInProcess(args, { cwd: place.path })
}

async function story(place: Workplace): Promise<string> {
  return await readFile(join(place.path, 'state/backup.log'), 'utf8')
}

function photos(count: number): Record<string, Buffer> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`library/${i}.jpg`, Buffer.alloc(300_000, `photo ${i}`)]),
  )
}

describe('the story of a run', () => {
  test('is in backup.log for people, and on stdout as JSON lines; the next run begins a new one', async () => {
    await using place = await installed({ 'library/1.jpg': 'photo' })
    const { exitCode, stdout, stderr } = await run(place, 'backup')
    expect(exitCode).toBe(exitCodes.done)
    expect(stderr).toBe('')
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines[0]).toMatchObject({ level: 'info', destinations: ['disk'], msg: expect.any(String) })
    expect(lines.every(({ time }) => !Number.isNaN(Date.parse(String(time))))).toBe(true)
    expect(lines.at(-2)).toMatchObject({ destination: 'disk', snapshot: { changes: { added: 1 } } })
    expect(lines.at(-1)).toMatchObject({ level: 'info', exitCode: 0 })
    const first = await story(place)
    expect(first).toMatch(/^20\S+ \S+ UTC {2}backup begins: library, upload, profile, backups to disk/)
    expect(first).toContain('1 new, 0 changed')
    await run(place, 'backup')
    expect(await story(place)).toContain('0 new, 0 changed')
    expect(await story(place)).not.toContain('1 new, 0 changed')
  })

  test('has what went wrong, and what to do about it', async () => {
    await using place = await installed({ 'library/1.jpg': 'photo' })
    const file = join(place.path, 'safelight.yaml')
    await writeFile(file, (await readFile(file, 'utf8')).replace('path: vault', 'path: nowhere'))
    const { exitCode, stdout } = await run(place, 'backup')
    expect(exitCode).toBe(exitCodes.failed)
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-2) ?? '')).toMatchObject({
      level: 'error',
      destination: 'disk',
      exitCode: 1,
    })
    expect(await story(place)).toMatch(/error: disk: no snapshot: .*nowhere/)
    expect(await story(place)).toContain('with exit code 1')
  })

  test('with --json there is one document, and nothing else', async () => {
    await using place = await installed({ 'library/1.jpg': 'photo' })
    const { stdout } = await run(place, 'backup', '--json')
    expect(JSON.parse(stdout)).toMatchObject([{ destination: 'disk', exitCode: 0 }])
    expect(await story(place)).toContain('1 new, 0 changed')
  })

  test('tells that what this machine remembered was damaged; the backup is as good as ever', async () => {
    await using place = await installed({ 'library/1.jpg': 'photo' })
    await run(place, 'backup')
    await writeFile(join(place.path, 'state/state.db'), 'no database')
    const { exitCode } = await run(place, 'backup')
    expect(exitCode).toBe(exitCodes.done)
    expect(await story(place)).toMatch(/warn: what this machine remembered of its runs can't be used/)
    const names = await readdir(join(place.path, 'state'))
    expect(names.filter((name) => name.startsWith('state.db.unusable-'))).toHaveLength(1)
  })
})

describe('safelight reset', () => {
  test('says first what goes, and forgets it when told to; the vault and what is known of it stay', async () => {
    await using place = await installed({ 'library/1.jpg': 'photo' })
    await run(place, 'backup')
    const before = await readdir(join(place.path, 'vault'), { recursive: true })
    const refused = await run(place, 'reset')
    expect(refused.exitCode).toBe(exitCodes.failed)
    expect(refused.stderr).toContain('remembers 1 run:\n  completed    1')
    const { exitCode, stdout, stderr } = await run(place, 'reset', '--yes')
    expect(exitCode).toBe(exitCodes.done)
    expect(stderr).toContain('remembers 1 run:\n  completed    1')
    expect(stdout).toBe('Forgot 1 run.\n')
    expect((await run(place, 'reset', '--yes')).stdout).toBe('No run is remembered here.\n')
    expect(await readdir(join(place.path, 'vault'), { recursive: true })).toEqual(before)
    const again = await run(place, 'backup', '--json')
    expect(JSON.parse(again.stdout)).toMatchObject([
      { snapshot: { changes: { added: 0, storedContents: 0 } } },
    ])
  })

  test('forgets no run that began while it asked', async () => {
    await using folder = await temporaryFolder()
    using state = openState(folder.path, new Date())
    const begin = () =>
      state.beginRun(
        {
          program: 'safelight',
          here: thisMachine(),
          pid: 1,
          intervalMs: 60_000,
          jobs: [{ destination: 'disk', source: 'library', priority: 0 }],
        },
        new Date(),
      )
    begin().end('COMPLETED', exitCodes.done, new Date())
    const context = {
      loadConfig: () => ({ state: folder.path }),
      output: { note: () => {} },
      interactive: true,
      ask: () => (begin(), 'yes'),
    } as unknown as Context
    const refused = reset(context, { opts: () => ({}) } as Command)
    await expect(refused).rejects.toMatchObject({ exitCode: exitCodes.locked })
    expect(state.lastRuns()).toHaveLength(2)
  })

  test('needs no vault, and makes nothing where there was nothing', async () => {
    await using place = await installed({})
    expect((await run(place, 'reset', '--json')).stdout).toContain('"forgotten": false')
    expect(await readdir(place.path)).not.toContain('state')
  })
})

test.each([
  ['backup --status --json', 'status --json'],
  ['--config a.yaml backup --check', '--config a.yaml check'],
  ['backup --setup s3 --name cloud', 'setup s3 --name cloud'],
  ['backup --setup=s3 --name cloud', 'setup s3 --name cloud'],
  ['backup --to constructor', 'backup --to constructor'],
  ['backup --yes --reset', 'reset --yes'],
  ['backup --to disk', 'backup --to disk'],
  ['init --check', 'init --check'],
])('%s is %s', (written, meant) => {
  expect(withoutAliases(written.split(' '))).toEqual(meant.split(' '))
})

test('after kill -9 the next run begins at once, and says that it goes on from there', async () => {
  await using place = await installed(photos(20), slow)
  const killed = start(place, ['backup'])
  await untilStored(place, 3)
  killed.child.kill('SIGKILL')
  await killed.ended
  {
    using state = readState(join(place.path, 'state'))
    expect(state?.lastRuns(1)).toMatchObject([{ state: 'RUNNING', pid: killed.child.pid }])
  }
  await writeFiles(place, { 'library/20.jpg': 'one more' })
  const file = join(place.path, 'safelight.yaml')
  await writeFile(file, (await readFile(file, 'utf8')).replace('1MB/s', 'unlimited'))
  const { exitCode, stdout } = await run(place, 'backup', '--json')
  expect(exitCode).toBe(exitCodes.done)
  expect(JSON.parse(stdout)).toMatchObject([{ snapshot: { counts: { files: 21 } } }])
  expect(await story(place)).toMatch(/disk: goes on from the run of .*, which was interrupted/)
  using state = readState(join(place.path, 'state'))
  expect(state?.lastRuns().map(({ state }) => state)).toEqual(['COMPLETED', 'INTERRUPTED'])
})

test('a second signal ends a run at once, and without harm', async () => {
  await using place = await installed(photos(20), slow)
  const { child, ended } = start(place, ['backup'])
  await untilStored(place, 3)
  child.kill('SIGTERM')
  child.kill('SIGINT')
  expect(await ended).toMatchObject({ exitCode: exitCodes.cancelled })
  {
    using state = readState(join(place.path, 'state'))
    expect(state?.lastRuns(1)).toMatchObject([{ state: 'INTERRUPTED' }])
  }
  const file = join(place.path, 'safelight.yaml')
  await writeFile(file, (await readFile(file, 'utf8')).replace('1MB/s', 'unlimited'))
  expect((await run(place, 'backup')).exitCode).toBe(exitCodes.done)
  expect((await run(place, 'verify-restore', '--all')).exitCode).toBe(exitCodes.done)
})
