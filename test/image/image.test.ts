/* The image that the Dockerfile makes, run as the manifests of the local overlay run it. */
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { compareRestored, describeIncluded, Watch } from '../demo/folders.ts'
import { rendered, renderedWith } from '../k8s/manifests.ts'
import { exec } from '../support/exec.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { compareTrees } from '../support/tree.ts'
import { type Docker, startDocker } from './docker.ts'
import { Pods } from './pods.ts'
import { startPostgres17 } from './postgres.ts'
import { buildImage, startSampleImmich } from './prepare.ts'

/** MB of all that the published image may weigh, with the clients of five majors of PostgreSQL. */
const mostMegabytes = 400
const uid = 1000

const stack = new AsyncDisposableStack()
afterAll(async () => await stack.disposeAsync())

let docker: Docker
let pods: Pods
/** The same with the component that restores owners. */
let owners: Pods
let folder: string
let library: Watch
let vault: Watch

const at = (name: string): string => join(folder, name)
const shell = async (script: string, ...options: string[]): Promise<string> =>
  await docker.run([
    'run',
    '--rm',
    '--network',
    'none',
    ...options,
    '--entrypoint',
    'sh',
    'safelight',
    '-euc',
    script,
  ])

beforeAll(async () => {
  docker = stack.use(await startDocker())
  await buildImage(docker, 'safelight')

  folder = stack.use(await temporaryFolder()).path
  for (const name of ['pods', 'vault', 'restored', 'restored-with-owners', 'postgres']) await mkdir(at(name))
  // Immich's user is the one that the manifests name; what everybody can read belongs to somebody else.
  const database = await startSampleImmich(docker, { postgres: at('postgres'), library: at('library') }, uid)
  await exec('find', [at('library'), '-type', 'f', '-perm', '-o=r', '-exec', 'chown', '33:33', '{}', '+'])

  const identity = await docker.run(['run', '--rm', '--network', 'none', 'safelight', 'keys', 'generate'])
  const secrets = {
    'immich-backup': { identity, 'database-url': database },
    'immich-verify-restore': { identity },
  }
  const claims = { 'immich-library-pvc': at('library'), 'immich-backup-vault': at('vault') }
  const given = { docker, folder: at('pods'), secrets }
  pods = new Pods({
    ...given,
    manifests: await rendered('overlays/local'),
    claims: { ...claims, 'immich-restored': at('restored') },
  })
  owners = new Pods({
    ...given,
    manifests: await renderedWith('local', 'restore-owners'),
    claims: { ...claims, 'immich-restored': at('restored-with-owners') },
  })
  library = new Watch(at('library'))
  await library.start()
  vault = new Watch(at('vault'), { growing: true })
})

describe('the image', () => {
  test('is small', async () => {
    const bytes = Number(await docker.run(['image', 'inspect', '--format', '{{.Size}}', 'safelight']))
    const clients = Number((await shell('du --bytes --summarize /usr/lib/postgresql')).split('\t')[0])
    expect((bytes + 4 * clients) / 1e6).toBeLessThan(mostMegabytes)
  })

  test('says what it is and how it runs', async () => {
    const [{ Config }] = JSON.parse(await docker.run(['image', 'inspect', 'safelight'])) as [
      { Config: { User: string; Entrypoint: string[]; Cmd: string[]; Labels: Record<string, string> } },
    ]
    expect(Config).toMatchObject({
      User: `${uid}:${uid}`,
      Entrypoint: ['tini', '--', 'safelight'],
      Cmd: ['backup'],
    })
    expect(Config.Labels).toMatchObject({
      'org.opencontainers.image.title': 'Safelight',
      'org.opencontainers.image.description': packageJson.description,
      'org.opencontainers.image.version': packageJson.version,
      'org.opencontainers.image.licenses': packageJson.license,
    })
  })

  test('has what a backup may need, and nothing that builds', async () => {
    const tools = ['age', 'age-keygen', 'ssh', 'rclone', 'verify-restore', '/usr/lib/postgresql/17/bin/psql']
    await shell(`for tool in ${tools.join(' ')}; do command -v $tool || exit 1; done`)
    const building = ['npm', 'npx', 'yarn', 'corepack', 'gcc', 'cc', 'make', 'python3', 'perl']
    const found = await shell(`for tool in ${building.join(' ')}; do command -v $tool || true; done`)
    // Debian's own perl-base cannot be left out.
    expect(found).toBe('/usr/bin/perl\n')
  })

  test('runs as any user, who can write nothing of it', async () => {
    const anybody = ['--user', '4711:4711', '--cap-drop', 'ALL']
    expect(await shell('safelight --version', ...anybody)).toBe(`${packageJson.version}\n`)
    const writable = await shell(
      'find / -xdev -type d -writable ! -path "/proc/*" 2>/dev/null || true',
      ...anybody,
    )
    expect(writable.trim().split('\n').toSorted()).toEqual(['/run/lock', '/tmp', '/var/tmp'])
  })
})

describe('as the cluster runs it', () => {
  test('init makes the vault, and shows the line that pins it', async () => {
    const { exitCode, stdout, stderr } = await pods.run('immich-backup-init')
    expect(stderr).toContain('Pinned the vault')
    expect(exitCode).toBe(0)
    const [pin] = /^vault: .*$/m.exec(stdout) ?? []
    expect(pin).toBeDefined()
    pods.config += `${pin}\n`
    await vault.start()
  })

  test('SIGTERM ends a backup at once, and what it stored counts', async () => {
    const whole = pods.config
    pods.config += 'limits: { upload: 1MB/s }\n'
    const running = pods.run('immich-backup')
    await expect.poll(stored, { timeout: 60_000 }).toBeGreaterThanOrEqual(5)
    const asked = Date.now()
    // After the grace period of the manifests it would be SIGKILL.
    await docker.run(['stop', '--time', '30', 'immich-backup'])
    const { exitCode, stderr } = await running
    expect(stderr).toMatch(/interrupted\n$/)
    expect(exitCode).toBe(130)
    expect(Date.now() - asked).toBeLessThan(10_000)
    await vault.look('the backup that was stopped')

    pods.config = whole
    const next = await pods.run('immich-backup', { args: ['backup', '--json'] })
    expect(next).toMatchObject({ exitCode: 0 })
    const [{ snapshot }] = JSON.parse(next.stdout) as [
      {
        snapshot: { crossCheck: { expected: number; missing: number; mismatched: number } }
      },
    ]
    expect(snapshot.crossCheck).toMatchObject({ missing: 0, mismatched: 0 })
    expect(snapshot.crossCheck.expected).toBeGreaterThan(0)
    await vault.look('the next backup')
  })

  test('verify-restore proves all of it', async () => {
    const { exitCode, stdout } = await pods.run('immich-verify-restore', {
      args: ['verify-restore', '--all'],
    })
    expect(stdout).toContain('verified, all good')
    // Nothing lies about that no snapshot refers to: what the first run had stored was not stored again.
    expect(stdout).toContain(`all ${await stored()} objects checked`)
    expect(exitCode).toBe(0)
    await vault.look('verify-restore')
  })

  test('restore gives an unprivileged user everything but the owners', async () => {
    const { exitCode, stdout } = await pods.run('immich-restore')
    expect(stdout).toContain('restored to /restored/immich')
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/owners +[\d,]+ paths belong to you/)
    const differences = compareTrees(
      await describeIncluded(at('library')),
      await describeIncluded(at('restored/immich')),
      { ignoring: ['inode', 'ctime', 'uid', 'gid'], mtimeTolerance: 1000n },
    )
    expect(differences).toEqual([])
  })

  test('with the component for owners it restores these, too', async () => {
    owners.config = pods.config
    const { exitCode, stdout } = await owners.run('immich-restore')
    expect(stdout).not.toContain('belong to you')
    expect(exitCode).toBe(0)
    const restored = await describeIncluded(at('restored-with-owners/immich'))
    expect(new Set(restored.map((entry) => entry.uid))).toEqual(new Set([33, uid]))
    expect(compareRestored(await describeIncluded(at('library')), restored, 0)).toEqual([])
  })

  test('the drill loads the dump into a throwaway Postgres, and counts', async () => {
    const pod = { name: 'drill', network: 'none', port: 5432, database: 'drill' } as const
    await startPostgres17(docker, at('postgres'), pod)
    const { exitCode, stdout } = await pods.run('immich-restore-drill', {
      network: 'container:drill',
    })
    expect(stdout).toMatch(/is in database "drill" as "immich" at 127\.0\.0\.1:5432: .* all counted/)
    expect(exitCode).toBe(0)
  })

  test('when it fails, the end of the log says why and what to do', async () => {
    const good = pods.config
    pods.config = good.replace(/id: \w/, 'id: 0')
    const { exitCode, stdout, stderr } = await pods.run('immich-backup')
    pods.config = good
    expect(exitCode).toBe(10)
    // What `kubectl describe` shows of it.
    expect((stdout + stderr).slice(-2048)).toContain('error: ')
  })

  test('nothing was written into the library, and nothing in the vault was changed', async () => {
    await library.look('all of it')
    expect([...library.differences, ...vault.differences]).toEqual([])
  })
})

/** How many objects with contents of files lie in the vault. */
async function stored(): Promise<number> {
  const folders = [at('vault/objects'), at('vault/packs')]
  const found = await Promise.all(
    folders.map(async (one) => await readdir(one, { recursive: true, withFileTypes: true }).catch(() => [])),
  )
  return found.flat().filter((entry) => entry.isFile()).length
}
