/* The component that makes the backup's pod four. */
import { expect, test } from 'vitest'
import { renderedWith, type Task, tasks } from './manifests.ts'

async function taskOf(name: string, ...components: readonly string[]): Promise<Task> {
  const task = tasks(await renderedWith('gcs', ...components)).find((one) => one.name === name)
  if (task === undefined) throw new Error(`there is no CronJob ${name}`)
  return task
}

test('there are as many pods as parts, all at once, and each is told which one it is of which job', async () => {
  const { cronJob, program } = await taskOf('immich-backup', 'sharded')
  const job = cronJob.spec?.jobTemplate.spec
  expect(job).toMatchObject({ completionMode: 'Indexed', parallelism: job?.completions })
  const part = `$(JOB_COMPLETION_INDEX)/${job?.completions}`
  // A job may be deleted, and made again under the same name.
  expect(program.args).toEqual(['backup', '--part', part, '--job', '$(JOB_NAME)-$(JOB_UID)'])
  const labels = { JOB_NAME: 'job-name', JOB_UID: 'controller-uid' }
  for (const [name, label] of Object.entries(labels)) {
    const fieldPath = `metadata.labels['batch.kubernetes.io/${label}']`
    expect(program.env).toContainEqual({ name, valueFrom: { fieldRef: { fieldPath } } })
  }
})

test('a part that fails takes no tries from the others', async () => {
  const { cronJob } = await taskOf('immich-backup', 'sharded')
  const job = cronJob.spec?.jobTemplate.spec
  expect(job).toMatchObject({ backoffLimitPerIndex: 3 })
  // Beside it this would be for all together.
  expect(job).not.toHaveProperty('backoffLimit')
})

test('no two pods share what a run remembers', async () => {
  const { pod } = await taskOf('immich-backup', 'state-pvc', 'sharded')
  expect(pod.volumes).toContainEqual({ name: 'state', emptyDir: { sizeLimit: '3Gi' } })
  const one = await taskOf('immich-verify-restore', 'state-pvc', 'sharded')
  expect(one.pod.volumes).toContainEqual({
    name: 'state',
    persistentVolumeClaim: { claimName: 'immich-backup-state' },
  })
})

test('another node is better than that of another part, even than that of Immich', async () => {
  for (const components of [
    ['sharded', 'readwritemany'],
    ['readwritemany', 'sharded'],
  ]) {
    const { pod } = await taskOf('immich-backup', ...components)
    const { podAffinity, podAntiAffinity } = pod.affinity ?? {}
    const [near] = podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    const [apart] = podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    expect(apart?.weight).toBeGreaterThan(near?.weight ?? Infinity)
    expect(podAffinity).not.toHaveProperty('requiredDuringSchedulingIgnoredDuringExecution')
  }
})

test('where one node alone has the library, all of them run there', async () => {
  const { pod } = await taskOf('immich-backup', 'sharded')
  expect(pod.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution).toHaveLength(1)
  expect(pod.affinity?.podAntiAffinity).not.toHaveProperty('requiredDuringSchedulingIgnoredDuringExecution')
})
