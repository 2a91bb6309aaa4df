/* What docs/kubernetes.md tells its reader to write. */
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { exec } from '../support/exec.ts'
import { kubectl } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { k8s, type Manifest, manifestsIn, rendered, tasks } from './manifests.ts'
import { schemaProblems } from './schemas.ts'

const page = await readFile(join(k8s, '../docs/kubernetes.md'), 'utf8')
const blocks = Array.from(
  page.matchAll(/^(?:```yaml|[^\n]*<<'YAML')\n(.*?)^(?:```|YAML)$/gms),
  ([, yaml = '']) => yaml,
)

test('its manifests are as the schemas of Kubernetes want them', async () => {
  const manifests = blocks.map((yaml) => parse(yaml) as Manifest).filter(({ kind }) => kind !== undefined)
  expect(manifests.map(({ kind }) => kind)).toEqual(['NetworkPolicy', 'PersistentVolumeClaim'])
  expect(await schemaProblems(manifests)).toEqual([])
})

test('its patches fit the overlays', async () => {
  await using copy = await temporaryFolder()
  await cp(k8s, copy.path, { recursive: true })
  const overlay = join(copy.path, 'overlays/s3')
  const file = join(overlay, 'kustomization.yaml')
  const patches = blocks.find((yaml) => yaml.startsWith('patches:')) ?? ''
  await writeFile(file, `${await readFile(file, 'utf8')}${patches}`)
  const patched = manifestsIn(await exec(await kubectl(), ['kustomize', overlay]))
  const [backup] = tasks(patched).filter(({ name }) => name === 'immich-backup')
  expect(backup?.pod.volumes).toContainEqual({
    name: 'library',
    persistentVolumeClaim: { claimName: 'photos', readOnly: true },
  })
  expect(backup?.pod.securityContext).toMatchObject({ runAsUser: 3000, supplementalGroups: [3001] })
})

test('it says of every component what it is for', async () => {
  const told = Array.from(page.matchAll(/^\| `([\w-]+)` +\| \w/gm), ([, name]) => name)
  expect(told).toEqual(expect.arrayContaining(await readdir(join(k8s, 'components'))))
})

test('it names every CronJob, and jobs are made of those alone', async () => {
  const names = tasks(await rendered('overlays/s3')).map(({ name }) => name)
  for (const name of names) expect(page).toContain(`\`${name}\``)
  const made = Array.from(page.matchAll(/--from=cronjob\/([\w-]+)/g), ([, name = '']) => name)
  expect(names).toEqual(expect.arrayContaining(made))
  expect(made.length).toBeGreaterThan(4)
})
