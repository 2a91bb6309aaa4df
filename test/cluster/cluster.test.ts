/* What a real API server and real controllers make of the manifests. They are of an old version, 1.20: see ofOld.ts. */
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  everySet,
  type Manifest,
  manifestsOf,
  rendered,
  renderedWith,
  type Task,
  tasks,
} from '../k8s/manifests.ts'
import { type Kubernetes, startKubernetes } from './kubernetes.ts'
import { ofOld } from './ofOld.ts'

interface Pod {
  metadata: { name: string; labels: Record<string, string> }
  spec: IPodSpec
  status: object
}

const stack = new AsyncDisposableStack()
afterAll(async () => await stack.disposeAsync())

let kubernetes: Kubernetes
const inNamespace = ['--namespace', 'immich']
/** What makes it take its time: the controller of CronJobs looks every ten seconds. */
const soon = { timeout: 90_000, interval: 500 }

beforeAll(async () => {
  kubernetes = stack.use(await startKubernetes())
  await kubernetes.kubectl(['create', 'namespace', 'immich'])
  await kubernetes.kubectlFile(['apply'], [prometheusRules])
  await kubernetes.kubectl(['wait', '--for=condition=established', `crd/${prometheusRules.metadata.name}`])
})

test.each(await everySet())('%s is taken, and every field of it is known', async (_name, render) => {
  const manifests = await render()
  expect(await applied(manifests)).toBe(manifests.length)
})

test('the example secrets are taken', async () => {
  const files = ['backup-secrets', 'verify-secrets'].map((name) => `overlays/s3/${name}.example.yaml`)
  expect(await applied((await Promise.all(files.map(manifestsOf))).flat())).toBe(2)
})

test.each([
  ['a field that is not known', 'readOnlyRootFilesystem', 'readOnlyRoot', 'readOnlyRoot'],
  ['a time that is none', '17 3 * * *', '17 25 * * *', 'spec.schedule: Invalid value: "17 25 * * *"'],
  [
    'a mount without a volume',
    '{"mountPath":"/tmp","name":"tmp"}',
    '{"mountPath":"/tmp","name":"no"}',
    'Not found: "no"',
  ],
])('%s is refused', async (_name, right, wrong, why) => {
  const manifests = JSON.stringify(await rendered('overlays/local'))
  expect(manifests).toContain(right)
  const changed = JSON.parse(manifests.replaceAll(right, wrong)) as Manifest[]
  await expect(applied(changed)).rejects.toThrow(why)
})

test('a job made by hand of each CronJob gets the pod that the manifest describes', async () => {
  for (const task of await appliedTasks(await rendered('overlays/local'))) {
    await createJob(task.name)
    const [pod] = await podsOf(task.name, 1)
    expect(pod?.spec).toMatchObject(withoutEmptyLists(task.pod))
    expect(pod?.metadata.labels).toMatchObject({ app: 'immich-backup' })
  }
})

test('with the component sharded there are four pods at once', async () => {
  const [task] = await appliedTasks(await renderedWith('gcs', 'sharded'))
  await createJob('immich-backup', 'in-parts')
  const pods = await podsOf('in-parts', 4)
  expect(pods.map(({ spec }) => spec.containers[0]?.args)).toEqual(Array(4).fill(task?.program.args))
})

test('a job is done when its pod is, and one that makes a vault is not tried again', async () => {
  await appliedTasks(await rendered('overlays/local'))
  const wait = ['wait', ...inNamespace, '--timeout=60s']
  for (const [job, phase, condition] of [
    ['good', 'Succeeded', 'complete'],
    ['bad', 'Failed', 'failed'],
  ] as const) {
    await createJob('immich-backup-init', job)
    await end((await podsOf(job, 1))[0], phase)
    expect(await kubernetes.kubectl([...wait, `--for=condition=${condition}`, `job/${job}`])).toContain(
      'condition met',
    )
  }
  await podsOf('bad', 1)
})

test('CronJobs make their jobs when it is time, and what runs by hand never does', async () => {
  const manifests = JSON.stringify(await rendered('overlays/local'))
  const everyMinute = manifests.replaceAll(/"schedule":"[^"]*"/g, '"schedule":"* * * * *"')
  const all = await appliedTasks(JSON.parse(everyMinute) as Manifest[])
  const scheduled = all.filter(({ cronJob }) => !cronJob.spec?.suspend).map(({ name }) => name)
  expect(scheduled).toEqual(['immich-backup', 'immich-restore-drill', 'immich-verify-restore'])
  await expect.poll(async () => (await owners()).toSorted(), soon).toEqual(scheduled)
})

/** How many the server took. It merges by what it knows of a kind, and so refuses what it does not know. */
async function applied(manifests: readonly Manifest[]): Promise<number> {
  const options = ['apply', '--server-side', '--force-conflicts', ...inNamespace]
  const said = await kubernetes.kubectlFile(options, manifests.map(ofOld))
  return said.match(/ serverside-applied$/gm)?.length ?? 0
}

/** The CronJobs, made anew: what is applied on top of others keeps their order. */
async function appliedTasks(manifests: readonly Manifest[]): Promise<Task[]> {
  await kubernetes.kubectl(['delete', 'cronjobs,jobs', '--all', ...inNamespace])
  await applied(manifests)
  return tasks(manifests.map(ofOld))
}

async function createJob(cronJob: string, name = cronJob): Promise<void> {
  await kubernetes.kubectl(['create', 'job', `--from=cronjob/${cronJob}`, name, ...inNamespace])
}

/** The pods of a job, as soon as there are so many. */
async function podsOf(job: string, count: number): Promise<Pod[]> {
  const list = ['get', 'pods', ...inNamespace, `--selector=job-name=${job}`, '--output=json']
  const read = async () => (JSON.parse(await kubernetes.kubectl(list)) as { items: Pod[] }).items
  await expect.poll(async () => (await read()).length, soon).toBe(count)
  return await read()
}

/** Says of a pod what the node would that runs it. */
async function end(pod: Pod | undefined, phase: 'Succeeded' | 'Failed'): Promise<void> {
  const path = `/api/v1/namespaces/immich/pods/${pod?.metadata.name}/status`
  await kubernetes.kubectlFile(['replace', '--raw', path], { ...pod, status: { ...pod?.status, phase } })
}

/** The CronJobs that jobs belong to. */
async function owners(): Promise<string[]> {
  const list = await kubernetes.kubectl(['get', 'jobs', ...inNamespace, '--output=json'])
  const { items } = JSON.parse(list) as { items: { metadata: { ownerReferences?: { name: string }[] } }[] }
  return [
    ...new Set(items.flatMap(({ metadata }) => metadata.ownerReferences?.map(({ name }) => name) ?? [])),
  ]
}

/** Kubernetes forgets them. */
function withoutEmptyLists(pod: IPodSpec): IPodSpec {
  return JSON.parse(JSON.stringify(pod), (_key, value: unknown) =>
    Array.isArray(value) && value.length === 0 ? undefined : value,
  ) as IPodSpec
}

/** The Prometheus Operator's kind, of which only that it exists is known here. */
const prometheusRules = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'prometheusrules.monitoring.coreos.com' },
  spec: {
    group: 'monitoring.coreos.com',
    scope: 'Namespaced',
    names: { kind: 'PrometheusRule', plural: 'prometheusrules' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
}
