/*
 * docs/kubernetes.md on a real node: from an empty namespace to the first verified backup, and back. The pods use the
 * machine's own network, as the node has no other.
 */
import { chown, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeIncluded, Watch } from '../demo/folders.ts'
import { buildImage, startSampleImmich } from '../image/prepare.ts'
import { type Manifest, named, rendered } from '../k8s/manifests.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { compareTrees } from '../support/tree.ts'
import { claim, immichServer, onThisNode, volume } from './around.ts'
import { type Kubernetes, startKubernetes } from './kubernetes.ts'
import { startNode } from './node.ts'

const image = 'safelight:0.1.0'
const uid = 1000
const inNamespace = ['--namespace', 'immich']

const stack = new AsyncDisposableStack()
afterAll(async () => await stack.disposeAsync())

let kubernetes: Kubernetes
let folder: string
let library: Watch
let manifests: Manifest[]

const at = (name: string): string => join(folder, name)

beforeAll(async () => {
  const node = stack.use(await startNode())
  const { docker } = node
  await buildImage(docker, image)
  kubernetes = stack.use(await startKubernetes())
  await node.join(kubernetes)

  folder = stack.use(await temporaryFolder()).path
  for (const name of ['postgres', 'vault', 'restored']) await mkdir(at(name))
  const database = await startSampleImmich(docker, { postgres: at('postgres'), library: at('library') }, uid)
  // A folder of the node gets no group from Kubernetes, as other volumes would.
  for (const name of ['vault', 'restored']) await chown(at(name), uid, uid)
  library = new Watch(at('library'))
  await library.start()

  const identity = await docker.run(['run', '--rm', '--network', 'none', image, 'keys', 'generate'])
  const secrets = {
    'immich-backup': { identity, 'database-url': database },
    'immich-verify-restore': { identity },
  }
  await kubernetes.kubectl(['create', 'namespace', 'immich'])
  await apply([
    ...Object.entries(secrets).map(([name, stringData]) => secret(name, stringData)),
    claim('immich-library-pvc'),
    claim('immich-restored'),
    volume('immich-library-pvc', at('library')),
    volume('immich-backup-vault', at('vault')),
    volume('immich-restored', at('restored')),
  ])
  manifests = onThisNode(await rendered('overlays/local'), image)
  await apply([...manifests, immichServer('local/pause:1')])
})

test('init makes the vault, and its log ends with the line that pins it', async () => {
  const log = await completed('immich-backup-init')
  expect(log).toContain('Safelight recovery sheet')
  const pin = log.trimEnd().split('\n').at(-1) ?? ''
  expect(pin).toMatch(/^vault: /)
  await configure((config) => `${config}${pin}\n`)
})

test('a backup stores what there is', async () => {
  expect(await completed('immich-backup')).toContain('"level":"info"')
  expect(await stored()).toBeGreaterThan(0)
})

test('what was stored is proved, all of it', async () => {
  expect(await completed('immich-verify-restore')).toMatch(/all \d+ objects checked, none bad/)
})

test('it comes back, as an unprivileged user', async () => {
  expect(await completed('immich-restore')).toContain('restored to /restored/immich')
  const differences = compareTrees(
    await describeIncluded(at('library')),
    await describeIncluded(at('restored/immich')),
    { ignoring: ['inode', 'ctime', 'uid', 'gid'], mtimeTolerance: 1000n },
  )
  expect(differences).toEqual([])
})

test('nothing was written into the library', async () => {
  await library.look('all of it')
  expect(library.differences).toEqual([])
})

async function apply(all: readonly object[]): Promise<void> {
  await kubernetes.kubectlFile(['apply', ...inNamespace], all)
}

/** Changes `safelight.yaml`. */
async function configure(change: (config: string) => string): Promise<void> {
  const map = named(manifests, 'ConfigMap', /^immich-backup-/) as Manifest & {
    data: { 'safelight.yaml': string }
  }
  map.data['safelight.yaml'] = change(map.data['safelight.yaml'])
  await apply([map])
}

/** Makes a job of a CronJob by hand, and gives its log when it is done. */
async function completed(cronJob: string): Promise<string> {
  const job = `job/${cronJob}`
  await kubernetes.kubectl(['create', 'job', `--from=cronjob/${cronJob}`, cronJob, ...inNamespace])
  await kubernetes.kubectl(['wait', '--for=condition=complete', job, '--timeout=50s', ...inNamespace])
  return await kubernetes.kubectl(['logs', job, ...inNamespace])
}

function secret(name: string, stringData: Readonly<Record<string, string>>): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData }
}

/** How many objects with contents of files lie in the vault. */
async function stored(): Promise<number> {
  const found = await readdir(at('vault'), { recursive: true, withFileTypes: true })
  return found.filter((entry) => entry.isFile() && /\/(?:objects|packs)(?:\/|$)/.test(entry.parentPath))
    .length
}
