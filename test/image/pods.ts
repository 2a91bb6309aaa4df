/* The CronJobs of an overlay, each run in Docker as its pod would run in a cluster. */
import { chmod, chown, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'
import { type Manifest, named, type Task, tasks } from '../k8s/manifests.ts'
import type { Docker, Ended } from './docker.ts'

type Volume = NonNullable<IPodSpec['volumes']>[number]

interface Changes {
  /** Instead of the arguments in the manifest. */
  args?: readonly string[]
  /** `container:NAME`: that of another container, as in one pod. */
  network?: string
  /** The container's name, by which it is stopped. */
  name?: string
}

/** What a cluster gives to the pods. */
interface Given {
  docker: Docker
  /** Holds everything below. */
  folder: string
  /** As kustomize makes them. */
  manifests: readonly Manifest[]
  /** Folders by the name of their claim. */
  claims: Readonly<Record<string, string>>
  /** Files by the name of their secret. */
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export class Pods {
  readonly #given: Given
  readonly #tasks: readonly Task[]
  /** `safelight.yaml`: the ConfigMap's, until its owner changes it. */
  config: string

  constructor(given: Given) {
    this.#given = given
    this.#tasks = tasks(given.manifests)
    const map = named(given.manifests, 'ConfigMap', /^immich-backup-/) as Manifest & {
      data: { 'safelight.yaml': string }
    }
    this.config = map.data['safelight.yaml']
  }

  /** Runs the pod of a CronJob to its end. */
  async run(task: string, { args, network = 'host', name = task }: Changes = {}): Promise<Ended> {
    const found = this.#tasks.find((one) => one.name === task)
    if (found === undefined) throw new Error(`there is no CronJob ${task}`)
    const { command = [], args: own = [] } = found.program
    const [entry, ...words] = command
    const what = entry === undefined ? [] : ['--entrypoint', entry]
    const as = [...rights(found), ...variables(found), ...(await this.#mounts(found)), ...what]
    const run = ['run', '--rm', '--network', network, '--name', name, ...as]
    return await this.#given.docker.attempt([...run, 'safelight', ...words, ...(args ?? own)])
  }

  async #mounts({ pod, program }: Task): Promise<string[]> {
    const folders = new Map<string, string>()
    for (const volume of pod.volumes ?? []) folders.set(volume.name, await this.#folderOf(volume, pod))
    return (program.volumeMounts ?? []).flatMap(({ name, mountPath, readOnly }) => [
      '--volume',
      `${folders.get(name)}:${mountPath}${readOnly ? ':ro' : ''}`,
    ])
  }

  async #folderOf(volume: Volume, { securityContext }: IPodSpec): Promise<string> {
    const { claims, folder, secrets } = this.#given
    if (volume.persistentVolumeClaim) {
      const { claimName } = volume.persistentVolumeClaim
      const claimed = claims[claimName]
      if (claimed === undefined) throw new Error(`there is no claim ${claimName}`)
      if (securityContext?.fsGroup !== undefined) await giveToGroup(claimed, securityContext.fsGroup)
      return claimed
    }
    const made = await mkdtemp(join(folder, `${volume.name}-`))
    const files = volume.configMap
      ? { 'safelight.yaml': this.config }
      : Object.assign(
          {},
          ...(volume.projected?.sources ?? []).map(({ secret }) => secrets[secret?.name ?? '']),
        )
    for (const [name, content] of Object.entries(files as Record<string, string>))
      await writeFile(join(made, name), content)
    // As kubelet makes it.
    await chmod(made, volume.emptyDir ? 0o777 : 0o755)
    return made
  }
}

/** What kubelet does with the top folder of a volume, for the fsGroup of a pod. */
async function giveToGroup(folder: string, group: number): Promise<void> {
  await chown(folder, 0, group)
  await chmod(folder, 0o2775)
}

/** As the manifest says; Docker's own seccomp profile is RuntimeDefault. */
function rights({ pod, program }: Task): string[] {
  const { runAsUser, runAsGroup } = pod.securityContext ?? {}
  const { add = [], drop = [] } = program.securityContext?.capabilities ?? {}
  const { readOnlyRootFilesystem, allowPrivilegeEscalation } = program.securityContext ?? {}
  const memory = String(program.resources?.limits?.['memory']).replace('Mi', 'm')
  return [
    '--user',
    `${runAsUser}:${runAsGroup}`,
    '--memory',
    memory,
    '--memory-swap',
    memory,
    ...(readOnlyRootFilesystem ? ['--read-only'] : []),
    ...(allowPrivilegeEscalation === false ? ['--security-opt', 'no-new-privileges'] : []),
    ...drop.flatMap((name) => ['--cap-drop', name]),
    ...add.flatMap((name) => ['--cap-add', name]),
  ]
}

function variables({ program }: Task): string[] {
  return (program.env ?? []).flatMap(({ name, value = '' }) => ['--env', `${name}=${value}`])
}
