import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { everySet, k8s, type Manifest, rendered, renderedWith, type Task, tasks } from './manifests.ts'
import { violations } from './restricted.ts'
import { schemaProblems } from './schemas.ts'

const overlays = await readdir(join(k8s, 'overlays'))
const components = await readdir(join(k8s, 'components'))
const sets = await everySet()

const names = [
  'immich-backup',
  'immich-backup-init',
  'immich-restore',
  'immich-restore-drill',
  'immich-verify-restore',
]
const libraryOf = ({ pod }: Task): NonNullable<Task['pod']['volumes']> =>
  (pod.volumes ?? []).filter(
    ({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === 'immich-library-pvc',
  )

test('there is something to look at', () => {
  expect(overlays).toEqual(expect.arrayContaining(['b2', 'gcs', 'local', 's3']))
  expect(components).toEqual(expect.arrayContaining(['cloudnative-pg', 'monitoring', 'sharded', 'state-pvc']))
})

test.each(overlays)('the overlay %s offers components that are there', async (overlay) => {
  const kustomization = await readFile(join(k8s, 'overlays', overlay, 'kustomization.yaml'), 'utf8')
  const offered = Array.from(
    kustomization.matchAll(/^# - \.\.\/\.\.\/components\/(.*)$/gm),
    ([, name = '']) => name,
  )
  expect(components).toEqual(expect.arrayContaining(offered))
  expect(offered).toEqual(expect.arrayContaining(['cloudnative-pg', 'monitoring', 'state-pvc']))
  // All at once, in this order.
  expect(
    tasks(await renderedWith(overlay, ...offered))
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(names)
})

/** Only root can give files away, and only what restores them may be root. */
const beyondRestricted: Record<string, string[]> = {
  'gcs with restore-owners': [
    'immich-restore: runAsUser is 0',
    'immich-restore: safelight: adds CHOWN, DAC_OVERRIDE, FOWNER, FSETID',
    'immich-restore: safelight: runAsNonRoot is not true',
  ],
}

describe.each(sets)('the overlay %s', async (set, render) => {
  const manifests = await render()
  const all = tasks(manifests)

  test('has its tasks', () => {
    expect(all.map(({ name }) => name).toSorted()).toEqual(names)
  })

  test('would run in a namespace of the restricted level', () => {
    const found = all.flatMap(({ name, pod }) => violations(pod).map((what) => `${name}: ${what}`))
    expect(found).toEqual(beyondRestricted[set] ?? [])
  })

  test('only the backup sees the library, and can only read it', () => {
    const reading = all.filter((task) => libraryOf(task).length > 0)
    expect(reading.map(({ name }) => name)).toEqual(['immich-backup'])
    for (const task of reading) {
      expect(libraryOf(task)).toMatchObject([{ name: 'library', persistentVolumeClaim: { readOnly: true } }])
      expect(task.program.volumeMounts).toContainEqual({
        name: 'library',
        mountPath: '/library',
        readOnly: true,
      })
    }
  })

  test('nothing changes the group of the library', () => {
    const reading = all.filter((task) => libraryOf(task).length > 0)
    expect(reading.map(({ pod }) => pod.securityContext?.fsGroup)).toEqual([undefined])
  })

  test('a container writes nothing but its volumes, and has bounds', () => {
    for (const { pod } of all) {
      for (const one of [...pod.containers, ...(pod.initContainers ?? [])]) {
        expect(one.securityContext?.readOnlyRootFilesystem).toBe(true)
        expect(Object.keys(one.resources?.requests ?? {})).toEqual(
          expect.arrayContaining(['cpu', 'memory', 'ephemeral-storage']),
        )
        expect(Object.keys(one.resources?.limits ?? {})).toEqual(
          expect.arrayContaining(['memory', 'ephemeral-storage']),
        )
      }
    }
  })

  test('a container mounts only volumes that are there', () => {
    for (const { pod } of all) {
      const volumes = pod.volumes?.map(({ name }) => name)
      for (const one of [...pod.containers, ...(pod.initContainers ?? [])])
        expect(volumes).toEqual(expect.arrayContaining((one.volumeMounts ?? []).map(({ name }) => name)))
    }
  })

  test('no pod can speak to Kubernetes', () => {
    const accounts = manifests.filter(({ kind }) => kind === 'ServiceAccount')
    expect(accounts).toHaveLength(2)
    for (const account of accounts) expect(account).toMatchObject({ automountServiceAccountToken: false })
    for (const { pod } of all) expect(pod.automountServiceAccountToken).toBe(false)
  })

  test('what verifies never gets the credentials of the backup', () => {
    const secrets = Object.fromEntries(
      all.map(({ name, pod }) => [
        name,
        pod.volumes?.flatMap(
          ({ projected }) => projected?.sources?.flatMap(({ secret }) => secret?.name ?? []) ?? [],
        ),
      ]),
    )
    expect(secrets).toMatchObject({
      'immich-verify-restore': ['immich-verify-restore'],
      'immich-restore': ['immich-verify-restore'],
      'immich-restore-drill': ['immich-verify-restore'],
    })
    expect(secrets['immich-backup']).not.toContain('immich-verify-restore')
  })

  test('jobs and pods are found by one label, and policies cover every pod', () => {
    for (const { cronJob } of all) {
      const job = cronJob.spec?.jobTemplate
      for (const { labels } of [job?.metadata ?? {}, job?.spec?.template.metadata ?? {}])
        expect(labels).toMatchObject({ app: 'immich-backup', 'app.kubernetes.io/name': 'safelight' })
    }
    const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy')
    expect(policies).toContainEqual(
      expect.objectContaining({
        spec: expect.objectContaining({
          podSelector: { matchLabels: { app: 'immich-backup' } },
          policyTypes: ['Ingress', 'Egress'],
        }) as unknown,
      }),
    )
  })

  test('an image is told by its digest', () => {
    for (const { pod } of all)
      for (const { image } of [...pod.containers, ...(pod.initContainers ?? [])])
        expect(image).toMatch(/^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/)
  })

  test('a run is not tried again where that would hide what it found', () => {
    const codes = Object.fromEntries(
      all.map(({ name, cronJob }) => [
        name,
        cronJob.spec?.jobTemplate.spec?.podFailurePolicy?.rules.map(
          ({ action, onExitCodes }) => onExitCodes?.values ?? action,
        ),
      ]),
    )
    expect(codes).toEqual({
      'immich-backup': set.endsWith('sharded') ? ['Ignore', [10, 12], [3, 11]] : ['Ignore', [3, 10, 11, 12]],
      'immich-verify-restore': ['Ignore', [1, 3, 10, 11, 12]],
      'immich-restore-drill': ['Ignore', [3, 10, 11, 12]],
      'immich-restore': ['Ignore', [3, 10, 11, 12]],
      'immich-backup-init': undefined,
    })
  })
})

test('everything is as the schemas of Kubernetes want it', async () => {
  const all = await Promise.all(sets.map(async ([, render]) => await render()))
  // The operator's kind is none of Kubernetes' own: monitoring.test.ts has its rules read by Prometheus.
  expect(await schemaProblems(all.flat().filter(({ kind }) => kind !== 'PrometheusRule'))).toEqual([])
})

test('the schemas find a field that is misspelt, missing or of another kind', async () => {
  const good = JSON.stringify((await rendered('overlays/local')).find(({ kind }) => kind === 'CronJob'))
  const bad = ['"mountPath"', '"schedule"', '"Forbid"'].map(
    (word, n) => JSON.parse(good.replace(word, `"wrong${n}"`)) as Manifest,
  )
  const problems = (await schemaProblems(bad)).join('\n')
  expect(problems).toMatch(/wrong0.* does not exist in type 'IVolumeMount'/)
  expect(problems).toMatch(/must have required property schedule/)
  expect(problems).toMatch(/concurrencyPolicy must be equal to one of the allowed values/)
})
