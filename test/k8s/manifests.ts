/* What kustomize makes of a folder, as a cluster would get it. */
import type { ICronJob } from 'kubernetes-models/batch/v1/CronJob'
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { exec } from '../support/exec.ts'
import { kubectl } from '../support/kubectl.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; labels?: Record<string, string> }
}

export const k8s = fileURLToPath(new URL('../../k8s/', import.meta.url))

/** The manifests of a folder below `k8s`. */
export async function rendered(folder: string): Promise<Manifest[]> {
  return manifestsIn(await exec(await kubectl(), ['kustomize', join(k8s, folder)]))
}

/** The manifests of an overlay with components, as its owner would add them. */
export async function renderedWith(overlay: string, ...components: readonly string[]): Promise<Manifest[]> {
  await using copy = await temporaryFolder()
  await cp(k8s, copy.path, { recursive: true })
  const file = join(copy.path, 'overlays', overlay, 'kustomization.yaml')
  const alone = await readFile(file, 'utf8')
  const added = components.map((name) => `../../components/${name}`)
  await writeFile(file, alone.replace('components: []', `components: [${added.join(', ')}]`))
  return manifestsIn(await exec(await kubectl(), ['kustomize', join(copy.path, 'overlays', overlay)]))
}

/** Every overlay, and every component in an overlay that has a use for it: what it is called, and its manifests. */
export async function everySet(): Promise<[string, () => Promise<Manifest[]>][]> {
  const [overlays, components] = await Promise.all(
    ['overlays', 'components'].map(async (folder) => await readdir(join(k8s, folder))),
  )
  return [
    ...(overlays ?? []).map((name): [string, () => Promise<Manifest[]>] => [
      name,
      () => rendered(`overlays/${name}`),
    ]),
    ...(components ?? []).map((name): [string, () => Promise<Manifest[]>] => {
      const overlay = name === 'workload-identity-eks' ? 's3' : 'gcs'
      return [`${overlay} with ${name}`, () => renderedWith(overlay, name)]
    }),
  ]
}

export async function manifestsOf(file: string): Promise<Manifest[]> {
  return manifestsIn(await readFile(join(k8s, file), 'utf8'))
}

export function manifestsIn(yaml: string): Manifest[] {
  // Kubernetes reads YAML 1.1, in which 0444 is octal.
  return parseAllDocuments(yaml, { version: '1.1' }).map((document) => document.toJS() as Manifest)
}

export function named(manifests: readonly Manifest[], kind: string, name: RegExp): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind && name.test(manifest.metadata.name))
  if (found === undefined) throw new Error(`there is no ${kind} ${String(name)}`)
  return found
}

/** A CronJob's name and pod. */
export interface Task {
  name: string
  cronJob: ICronJob
  pod: IPodSpec
  /** The container that runs the program. */
  program: IPodSpec['containers'][number]
}

export function tasks(manifests: readonly Manifest[]): Task[] {
  return manifests
    .filter(({ kind }) => kind === 'CronJob')
    .map((manifest) => {
      const cronJob = manifest as ICronJob
      const pod = cronJob.spec?.jobTemplate.spec?.template.spec
      const program = pod?.containers.find(({ name }) => name === 'safelight')
      if (!pod || !program) throw new Error(`CronJob ${manifest.metadata.name} runs no safelight`)
      return { name: manifest.metadata.name, cronJob, pod, program }
    })
}
