import { chmod, cp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exitCodes } from '../../src/shared/errors.ts'
import { thisMachine } from '../../src/state/liveness.ts'
import { openState } from '../../src/state/state.ts'
import { installed, type Workplace } from './running.ts'
import { workplace } from './safelight.ts'

const frozen = join(import.meta.dirname, '../fixtures/vault-v1')

/** A working directory with the frozen vault, and a configuration for it. */
async function frozenPlace(): Promise<
  Workplace & { configure: (top: string, own?: string) => Promise<void> }
> {
  const place = await workplace()
  await cp(join(frozen, 'vault'), join(place.path, 'vault'), { recursive: true })
  await cp(join(frozen, 'identity.txt'), join(place.path, 'identity.txt'))
  await chmod(join(place.path, 'identity.txt'), 0o600)
  const { pin } = JSON.parse(await readFile(join(frozen, 'expected.json'), 'utf8')) as { pin: object }
  const configure = async (top: string, own = ''): Promise<void> => {
    await writeFile(
      join(place.path, 'safelight.yaml'),
      `${top}\nstate: state\nidentity: file:identity.txt\nvault: ${JSON.stringify(pin)}
destinations: [{ name: disk, type: local, path: vault${own} }]\n`,
    )
  }
  return { ...place, configure }
}

test('status ends with 1 before the first backup, with 0 after it, and says how much was verified', async () => {
  await using place = await installed({ 'library/sea.jpg': 'photo' })
  const before = await place.run(['status'])
  expect(before).toMatchObject({ exitCode: exitCodes.failed, stderr: '' })
  expect(before.stdout).toMatch(/^disk: NO BACKUP YET\n {2}problem {4}there is no complete backup yet\n/)
  await place.run(['backup'])
  const after = await place.run(['status'])
  expect(after).toMatchObject({ exitCode: exitCodes.done, stderr: '' })
  expect(after.stdout).toMatch(/^disk: good, last good backup \d\.\d s ago\n/)
  expect(after.stdout).toContain('verified   never; safelight verify-restore does it')
  expect(after.stdout).toContain('Left out of every backup: thumbs, encoded-video (Immich makes it again)')
  await place.run(['verify-restore'])
  expect((await place.run(['status'])).stdout).toMatch(
    /verified {3}100 % read back within 90 days; last on 20/,
  )
}, 60_000)

test('status ends with 1 when the last good backup is older than expected, for all or for one', async () => {
  await using place = await frozenPlace()
  await place.configure('expectEvery: 1h')
  const late = await place.run(['status'])
  expect(late).toMatchObject({ exitCode: exitCodes.failed, stderr: '' })
  expect(late.stdout).toMatch(/^disk: OVERDUE, last good backup .* ago\n {2}problem {4}no good backup for /)
  await place.configure('expectEvery: 1h', ', expectEvery: 5000w')
  expect((await place.run(['status'])).exitCode).toBe(exitCodes.done)
})

test('status tells of one destination that can’t be looked at, and names what another one lacks', async () => {
  const two = `database: false
destinations: [{ name: disk, type: local, path: vault }, { name: other, type: local, path: other }]`
  await using place = await installed({ 'library/sea.jpg': 'photo' }, two, {}, ['disk', 'other'])
  await rm(join(place.path, 'data/profile'), { recursive: true })
  await place.run(['backup'])
  await rename(join(place.path, 'other'), join(place.path, 'unplugged'))
  const { exitCode, stdout } = await place.run(['status', '--json'])
  expect(exitCode).toBe(exitCodes.failed)
  expect(JSON.parse(stdout)).toMatchObject({
    health: 'bad',
    destinations: [
      {
        destination: 'disk',
        health: 'attention',
        problems: [{ kind: 'partial', severity: 'attention' }],
        running: null,
        endedWithout: [],
        unprotected: [{ kind: 'unreadable', files: 1, examples: [{ path: 'profile' }] }],
      },
      {
        destination: 'other',
        health: 'bad',
        location: null,
        problems: [{ kind: 'unreachable', severity: 'bad' }, { kind: 'partial' }],
        last: { files: { count: 1 } },
      },
    ],
    leftOut: [{ what: 'thumbs' }, { what: 'encoded-video' }, { what: 'database' }],
  })
  expect((await place.run(['status', '--from', 'disk'])).exitCode).toBe(exitCodes.partial)
}, 60_000)

test('status shows how far a backup is that another process takes', async () => {
  await using place = await frozenPlace()
  await place.configure('expectEvery: 5000w')
  const begun = new Date(Date.now() - 60_000)
  using state = openState(join(place.path, 'state'), begun)
  const library = { destination: 'disk', source: 'library' }
  const jobs = ['library', 'upload'].map((source, priority) => ({ ...library, source, priority }))
  const run = state.beginRun(
    { program: 'test', here: thisMachine(), pid: 1, intervalMs: 60_000, jobs },
    begun,
  )
  const far = {
    filesTotal: 10,
    bytesTotal: 8 * 2 ** 30,
    error: null,
    retries: 0,
    state: 'RUNNING',
    started: begun,
  } as const
  run.update([{ ...library, ...far, filesDone: 0, bytesDone: 0 }], begun)
  const later = new Date(begun.getTime() + 50_000)
  run.update([{ ...library, ...far, filesDone: 2, bytesDone: 2 * 2 ** 30 }], later)
  const { exitCode, stdout } = await place.run(['status'])
  expect(exitCode).toBe(exitCodes.done)
  expect(stdout).toContain(`
  at work    library: 25 %  2 of 10 files  2.00 GiB of 8.00 GiB
             41.0 MiB/s, 2 min 30 s left
  to come    upload
`)
  const { destinations } = JSON.parse((await place.run(['status', '--json'])).stdout) as {
    destinations: { running: unknown }[]
  }
  expect(destinations[0]?.running).toMatchObject({
    source: 'state',
    started: begun.toISOString(),
    lastSign: later.toISOString(),
    jobs: [
      { source: 'library', state: 'RUNNING', filesDone: 2, bytesPerSecond: 42_949_672, secondsLeft: 151 },
      { source: 'upload', state: 'PENDING', secondsLeft: null },
    ],
  })
})

test('status --watch draws until Ctrl-C, and leaves the last state on the screen that was there before', async () => {
  await using place = await frozenPlace()
  await place.configure('expectEvery: 5000w')
  const shown = await place.atTerminal('trap : INT; safelight status --watch; echo ended with $?', [
    ['verified', '\u0003'],
  ])
  const [drawn = '', after = ''] = shown.split('\u001b[?1049l')
  expect(drawn).toMatch(/\[\?1049h[^]*disk/)
  expect(after).toMatch(/last good backup[^]*ended with 0/)
  const refused = await place.run(['status', '--watch'])
  expect(refused).toMatchObject({ exitCode: exitCodes.failed, stdout: '' })
  expect(refused.stderr).toContain('error: this can only be watched at a terminal')
})
