import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { identityFile } from '../../src/crypto/identity.ts'
import { hostFolder } from '../../src/runs/stateFolder.ts'
import { lockFolder } from '../../src/state/folderLock.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { backUp, createTestVault } from '../runs/backedUp.ts'
import { runInProcess } from './inProcess.ts'

const channels = `notify:
  - { name: hook, type: webhook, url: env:HOOK }
  - { name: backups, type: healthchecks, url: env:CHECK }
  - { name: verifications, type: healthchecks, url: env:VERIFY_CHECK, run: verify-restore }
metrics: { textfile: safelight.prom }`

/** An installation with a vault, and a receiver for all that it tells. */
async function telling(config = channels) {
  const stack = new AsyncDisposableStack()
  const receiver = stack.use(await startReceiver())
  const { path } = stack.use(await temporaryFolder())
  await writeFiles(path, {
    'data/library/.immich': '',
    'data/library/sea.jpg': 'not really a photo',
    'safelight.yaml': `library: data
database: false
include: [library]
state: state
identity: file:identity.txt
destinations: [{ name: disk, type: local, path: vault }]
${config}
`,
  })
  await mkdir(join(path, 'vault'))
  const env = {
    HOOK: `${receiver.url}/hook/T0KEN`,
    CHECK: `${receiver.url}/check/T0KEN`,
    VERIFY_CHECK: `${receiver.url}/verify/T0KEN`,
  }
  await runInProcess(['keys', 'generate', '--out', 'identity.txt'], { cwd: path })
  await runInProcess(['init', '--yes'], { cwd: path })
  return {
    path,
    receiver,
    run: async (...args: string[]) => await runInProcess(args, { cwd: path, env }),
    metrics: async () => await readFile(join(path, 'safelight.prom'), 'utf8'),
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  }
}

async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

/** What came since the last call: pings by their paths, messages by what they tell of. */
function taken({ requests }: Receiver): string[] {
  const all = requests.splice(0)
  const messages = all
    .filter(({ path }) => path.startsWith('/hook'))
    .map(({ body }) => (JSON.parse(body) as { subject: string }).subject)
  return [...all.filter(({ path }) => !path.startsWith('/hook')).map(({ path }) => path), ...messages]
}

describe('a backup', () => {
  test('tells how it begins and ends, what fails once, and that it is well again; and nothing of a dry run', async () => {
    await using here = await telling()
    await here.run('backup', '--dry-run')
    expect(taken(here.receiver)).toEqual([])
    const first = await here.run('backup')
    expect({ exitCode: first.exitCode, stderr: first.stderr }).toMatchObject({ exitCode: 0 })
    expect(taken(here.receiver)).toEqual([
      '/check/T0KEN/start',
      '/check/T0KEN',
      'The first photo backup to disk is done',
    ])
    expect(await here.metrics()).toContain('safelight_last_run_exit_code{host="main",destination="disk"} 0')

    const data = join(here.path, 'data')
    await rename(data, `${data}.gone`)
    const failed = await here.run('backup')
    expect(failed.exitCode).toBe(1)
    const told = taken(here.receiver)
    expect(told).toEqual(['/check/T0KEN/start', '/check/T0KEN/fail', 'The photo backup to disk failed'])
    await here.run('backup')
    expect(taken(here.receiver)).toEqual(['/check/T0KEN/start', '/check/T0KEN/fail'])
    const metrics = await here.metrics()
    expect(metrics).toContain('safelight_last_run_exit_code{host="main",destination="disk"} 1')
    expect(metrics).toMatch(/safelight_last_success_timestamp_seconds\{.*\} \d{10}/)

    await rename(`${data}.gone`, data)
    await here.run('backup')
    expect(taken(here.receiver)).toEqual([
      '/check/T0KEN/start',
      '/check/T0KEN',
      'The photo backup to disk works again',
    ])
  })

  test('ends as it would, when nobody can be told; and says so without a secret', async () => {
    await using broken = await startReceiver([{ status: 404 }, { status: 400 }])
    await using here = await telling(
      `notify:
  - { name: hook, type: webhook, url: env:HOOK }
  - { name: nowhere, type: slack, url: env:NOT_SET }
metrics: { textfile: none/safelight.prom, pushgateway: ${broken.url} }`,
    )
    const env = { HOOK: `${broken.url}/hook/T0KEN` }
    const { exitCode, stdout, stderr } = await runInProcess(['backup', '--json'], { cwd: here.path, env })
    expect(exitCode).toBe(0)
    expect(stderr).toMatch(/warning: notification channel hook: answered 40[04] /)
    expect(stderr).toContain('warning: notification channel nowhere: safelight.yaml:9:40: notify[1].url: ')
    expect(stderr).toMatch(/warning: the metrics can't be written: .*ENOENT/)
    expect(stderr).toContain('warning: the Pushgateway: answered 40')
    expect(stdout + stderr).not.toContain('T0KEN')
  })

  test('that fails in one pod after the other is told once', async () => {
    await using here = await telling('notify: [{ name: hook, type: webhook, url: env:HOOK }]\nmaxRetries: 0')
    const file = join(here.path, 'safelight.yaml')
    const yaml = await readFile(file, 'utf8')
    await writeFile(file, yaml.replace('database: false', 'database: { url: env:DB }'))
    const env = { HOOK: `${here.receiver.url}/hook`, DB: 'postgres://me:hunter2@127.0.0.1:1/immich' }
    for (const expected of [['The photo backup to disk failed'], []]) {
      const { exitCode } = await runInProcess(['backup'], { cwd: here.path, env })
      expect(exitCode).toBe(1)
      expect(taken(here.receiver)).toEqual(expected)
      await rm(join(here.path, 'state'), { recursive: true })
    }
  })

  test('to a destination that there is not is for whoever typed it', async () => {
    await using here = await telling()
    expect((await here.run('backup', '--to', 'dsik')).exitCode).toBe(1)
    expect(taken(here.receiver)).toEqual([])
  })
})

test('a verification tells of damage, and that there is none any more', async () => {
  await using here = await telling()
  await here.run('backup')
  taken(here.receiver)
  const packs = join(here.path, 'vault/packs')
  await rename(packs, `${packs}.gone`)
  expect((await here.run('verify-restore')).exitCode).toBe(1)
  expect(taken(here.receiver)).toEqual([
    '/verify/T0KEN/start',
    '/verify/T0KEN/fail',
    'The backup at disk is damaged',
  ])
  await rename(`${packs}.gone`, packs)
  await here.run('verify-restore')
  expect(taken(here.receiver)).toEqual([
    '/verify/T0KEN/start',
    '/verify/T0KEN',
    'The photo backup at disk is verified again',
  ])
  expect(await here.metrics()).toMatch(/safelight_verification_coverage_ratio\{.*\} 1\n/)
})

/** An installation whose vault `friend` had its last backup 8 days ago, and whose vault `disk` has none yet. */
async function late() {
  await using stack = new AsyncDisposableStack()
  const receiver = stack.use(await startReceiver())
  const { path } = stack.use(await temporaryFolder())
  await writeFiles(path, { 'data/library/.immich': '' })
  const vault = await createTestVault(path)
  const lastWeek = new Date(Date.now() - 8 * 24 * 3_600_000)
  await backUp(vault, join(path, 'data'), { now: () => lastWeek })
  const { id, fingerprint } = vault.pin
  await writeFiles(path, {
    'identity.txt': identityFile(vault.identity, new Date()),
    'safelight.yaml': `library: data
state: ${vault.state}
identity: file:identity.txt
database: false
include: [library]
destinations:
  - name: disk
    type: local
    path: disk
  - name: friend
    type: local
    path: ${vault.path}
    vault: { id: '${id}', fingerprint: '${fingerprint}' }
notify: [{ name: hook, type: webhook, url: env:HOOK }]
`,
  })
  await mkdir(join(path, 'disk'))
  const kept = stack.move()
  return {
    receiver,
    friendsFolder: hostFolder(vault.state, id, 'main'),
    run: async (...args: string[]) =>
      await runInProcess(args, { cwd: path, env: { HOOK: `${receiver.url}/hook` } }),
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  }
}

test('that a backup is overdue is told once, by a backup to another destination or by status --notify', async () => {
  await using here = await late()
  await here.run('init', '--yes', '--to', 'disk')
  expect((await here.run('backup', '--to', 'disk')).exitCode).toBe(0)
  expect(taken(here.receiver)).toEqual([
    'The first photo backup to disk is done',
    'No photo backup to friend for 8 days',
  ])
  expect((await here.run('status', '--notify', '--from', 'friend')).exitCode).toBe(1)
  expect(taken(here.receiver)).toEqual(['Weekly photo backup report: friend needs a look'])
})

test('that a backup is overdue is also told by one that finds another run at work, perhaps for days', async () => {
  await using here = await late()
  using _ = lockFolder(here.friendsFolder, () => new Error('held'))
  expect((await here.run('backup', '--to', 'friend')).exitCode).toBe(11)
  expect(taken(here.receiver)).toEqual(['No photo backup to friend for 8 days'])
})

test('a vault that can not be looked at is told as such, on a machine that remembers no backup', async () => {
  await using here = await telling('notify: [{ name: hook, type: webhook, url: env:HOOK }]')
  await rename(join(here.path, 'vault'), join(here.path, 'unplugged'))
  expect((await here.run('status', '--notify')).exitCode).toBe(1)
  expect(taken(here.receiver)).toEqual(["The photo backup to disk can't be seen"])
})

describe('safelight notify test', () => {
  test('tries every channel, and says which does not work', async () => {
    await using here = await telling()
    const good = await here.run('notify', 'test')
    expect(good).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: ['hook', 'backups', 'verifications'].map((name) => `${name}: the message was taken\n`).join(''),
    })
    expect(taken(here.receiver).toSorted()).toEqual([
      '/check/T0KEN/log',
      '/verify/T0KEN/log',
      'Test message from Safelight',
    ])
    const one = await runInProcess(['notify', 'test', 'hook', '--json'], { cwd: here.path })
    expect(one.exitCode).toBe(1)
    expect(JSON.parse(one.stdout)).toEqual({
      channels: [
        { channel: 'hook', type: 'webhook', problem: expect.stringContaining('HOOK is not set') as unknown },
      ],
    })
  })

  test.each([
    [channels, 'pone', 'there is no channel pone\nThere is: hook, backups, verifications'],
    ['', 'phone', 'no channel for notifications is configured\nAdd one under `notify`'],
  ])('of a channel that there is not names those that there are', async (config, name, message) => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'safelight.yaml'), config)
    const { exitCode, stderr } = await runInProcess(['notify', 'test', name], { cwd: folder.path })
    expect(exitCode).toBe(1)
    expect(stderr).toContain(message)
  })

  test('and status --notify want a channel', async () => {
    await using here = await telling('')
    const { exitCode, stdout, stderr } = await here.run('status', '--notify')
    expect([exitCode, stdout]).toEqual([1, ''])
    expect(stderr).toContain('no channel for notifications is configured')
  })
})
