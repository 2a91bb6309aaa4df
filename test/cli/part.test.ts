/* Parts of a backup at the command line. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exitCodes } from '../../src/shared/errors.ts'
import { workplace } from './safelight.ts'
import { runInProcess } from './inProcess.ts'

type Place = Awaited<ReturnType<typeof workplace>>

async function prepared(host = 'main'): Promise<Place> {
  const place = await workplace()
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
    await mkdir(join(place.path, 'data/library', name), { recursive: true })
    await writeFile(join(place.path, 'data/library', name, '1.jpg'), `photo ${name}`)
  }
  await mkdir(join(place.path, 'vault'))
  await writeFile(
    join(place.path, 'safelight.yaml'),
    `host: ${host}
library: data
include: [library]
database: false
state: state
identity: file:identity.txt
destinations: [{ name: disk, type: local, path: vault }]
`,
  )
  const run = async (...args: string[]) => await runInProcess(args, { cwd: place.path })
  await run('keys', 'generate', '--out', 'identity.txt')
  await run('init', '--yes')
  return place
}

describe('safelight backup --part', () => {
  test('two machines take a part each; the second makes the snapshot', async () => {
    await using place = await prepared()
    const file = join(place.path, 'safelight.yaml')
    const other = join(place.path, 'other.yaml')
    await cp(file, other)
    await writeFile(other, (await readFile(other, 'utf8')).replace('state: state', 'state: other-state'))
    const job = ['--job', '2026-11-21']
    const run = async (...args: string[]) => await runInProcess(args, { cwd: place.path })

    const first = await run('backup', '--part', '1/2', ...job, '--json')
    expect(first.exitCode).toBe(exitCodes.done)
    expect(JSON.parse(first.stdout)).toMatchObject([
      {
        destination: 'disk',
        exitCode: 0,
        snapshot: null,
        part: { job: '2026-11-21', index: 1, of: 2, missing: [0] },
      },
    ])
    const again = await run('backup', '--part', '1/2', ...job, '--json')
    expect(JSON.parse(again.stdout)).toMatchObject([{ part: { missing: [0] } }])

    const second = await run('backup', '--config', other, '--part', '0/2', ...job, '--json')
    expect(second.exitCode).toBe(exitCodes.done)
    expect(JSON.parse(second.stdout)).toMatchObject([
      { snapshot: { counts: { files: 8 }, changes: { added: 8 } } },
    ])
    const status = await run('status', '--json')
    expect(status.exitCode).toBe(exitCodes.done)
  })

  test('tells what is stored, and what it waits for', async () => {
    await using place = await prepared()
    const args = ['backup', '--part', '0/3', '--job', 'night']
    const { stdout } = await runInProcess(args, { cwd: place.path })
    expect(stdout).toContain('part 0 of 3 of night is stored at')
    expect(stdout).toContain('and waits for part 1, 2')
  })

  test.each([
    [['--part', '4/4', '--job', 'x'], 'It has to be a number from 0 on and how many there are, 64 at most'],
    [['--part', '0/65', '--job', 'x'], 'It has to be a number from 0 on'],
    [['--part', 'one', '--job', 'x'], 'It has to be a number from 0 on'],
    [['--part', '0/2'], '--part and --job go together'],
    [['--job', 'x'], '--part and --job go together'],
    [['--part', '0/2', '--job', 'x', '--dry-run'], "cannot be used with option '--dry-run'"],
    [['--part', '0/2', '--job', 'x', '--only', 'files'], "cannot be used with option '--only <part>'"],
  ])('refuses %j', async (args, message) => {
    await using place = await prepared()
    const { exitCode, stderr } = await runInProcess(['backup', ...args], { cwd: place.path })
    expect(exitCode).toBe(exitCodes.failed)
    expect(stderr).toContain(message)
  })

  test('refuses a host name that leaves no room for the name of a part', async () => {
    await using place = await prepared('h'.repeat(60))
    const { stderr } = await runInProcess(['backup', '--part', '0/2', '--job', 'x'], { cwd: place.path })
    expect(stderr).toContain('the host name hhhh')
    expect(stderr).toContain('is too long for a backup in parts')
  })
})
