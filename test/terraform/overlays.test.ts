/* Whether what the modules give fits the overlays for Kubernetes. */
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments, parseDocument } from 'yaml'
import { k8s, type Manifest } from '../k8s/manifests.ts'
import { exec } from '../support/exec.ts'
import { kubectl } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { Module, terraform } from './module.ts'

type Fields = Record<string, unknown>

test.each(['b2', 'gcs', 's3'])(
  'the destination of %s is the overlay’s, with the bucket filled in',
  async (name) => {
    const { outputs } = await Module.read(name)
    const given = parse(String(outputs['destination']?.['value'])) as [Fields]
    const overlay = await readFile(join(k8s, 'overlays', name, 'safelight.yaml'), 'utf8')
    const { destinations } = parse(overlay) as { destinations: [Fields] }
    const { credentials: _secret, ...there } = destinations[0]
    expect(Object.keys(given[0])).toEqual(expect.arrayContaining(Object.keys(there)))
    for (const fixed of ['name', 'type', 'provider']) expect(given[0][fixed]).toBe(there[fixed])
  },
)

test.each([
  ['gcs', 'iam.gke.io/gcp-service-account', ['../../components/workload-identity-gke']],
  ['s3', 'eks.amazonaws.com/role-arn', ['../../components/workload-identity-eks']],
])('the patch of %s gives the pods their identities', async (name, annotation, components) => {
  await using copy = await temporaryFolder()
  await cp(k8s, copy.path, { recursive: true })
  const overlay = join(copy.path, 'overlays', name)
  const template = await readFile(join(terraform, name, 'service-accounts.yaml.tftpl'), 'utf8')
  const patch = template.replace('${backup}', 'the-backup').replace('${verify}', 'the-verifier')
  await writeFile(join(overlay, 'service-accounts.yaml'), patch)
  const file = join(overlay, 'kustomization.yaml')
  const kustomization = parseDocument(await readFile(file, 'utf8'))
  kustomization.set('patches', [{ path: 'service-accounts.yaml' }])
  kustomization.set('components', components)
  await writeFile(file, String(kustomization))

  const rendered = parseAllDocuments(await exec(await kubectl(), ['kustomize', overlay]))
  const accounts = rendered
    .map((document) => document.toJS() as Manifest)
    .filter(({ kind }) => kind === 'ServiceAccount')
  expect(
    Object.fromEntries(accounts.map(({ metadata }) => [metadata.name, (metadata as Fields)['annotations']])),
  ).toEqual({
    'immich-backup': { [annotation]: 'the-backup' },
    'immich-verify-restore': { [annotation]: 'the-verifier' },
  })
})
