/*
 * The restricted level of https://kubernetes.io/docs/concepts/security/pod-security-standards/, for Linux.
 */
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'

type Container = IPodSpec['containers'][number]

const volumeTypes = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
])
const seccompTypes = new Set(['RuntimeDefault', 'Localhost'])
const seLinuxTypes = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'])

/** Why a namespace of the restricted level would refuse the pod. */
export function violations(pod: IPodSpec): string[] {
  const containers = [...pod.containers, ...(pod.initContainers ?? [])]
  return [
    ...podViolations(pod),
    ...containers.flatMap((one) => containerViolations(one, pod).map((what) => `${one.name}: ${what}`)),
  ]
}

function podViolations(pod: IPodSpec): string[] {
  const found: string[] = []
  for (const name of ['hostNetwork', 'hostPID', 'hostIPC'] as const) if (pod[name]) found.push(name)
  for (const { name, ...source } of pod.volumes ?? []) {
    const types = Object.keys(source).filter((type) => !volumeTypes.has(type))
    if (types.length > 0) found.push(`volume ${name} is a ${types.join(', ')}`)
  }
  if ((pod.securityContext?.sysctls ?? []).length > 0) found.push('sysctls')
  return [...found, ...eitherLevel(pod.securityContext)]
}

function containerViolations(container: Container, pod: IPodSpec): string[] {
  const own = container.securityContext
  const whole = pod.securityContext
  const found = eitherLevel(own)
  if (own?.privileged) found.push('privileged')
  if (own?.allowPrivilegeEscalation !== false) found.push('allowPrivilegeEscalation is not false')
  if (!own?.capabilities?.drop?.includes('ALL')) found.push('does not drop ALL capabilities')
  const added = (own?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE')
  if (added.length > 0) found.push(`adds ${added.join(', ')}`)
  if ((own?.runAsNonRoot ?? whole?.runAsNonRoot) !== true) found.push('runAsNonRoot is not true')
  if ((own?.seccompProfile ?? whole?.seccompProfile) === undefined) found.push('has no seccompProfile')
  if ((own?.procMount ?? 'Default') !== 'Default') found.push('procMount')
  if ((container.ports ?? []).some(({ hostPort }) => (hostPort ?? 0) !== 0)) found.push('hostPort')
  return found
}

/** What neither the pod nor a container may say. */
function eitherLevel(context: IPodSpec['securityContext']): string[] {
  const found: string[] = []
  if (context?.runAsUser === 0) found.push('runAsUser is 0')
  if (context?.windowsOptions?.hostProcess) found.push('hostProcess')
  if (context?.appArmorProfile?.type === 'Unconfined') found.push('appArmorProfile')
  const { type = '', user, role } = context?.seLinuxOptions ?? {}
  if (!seLinuxTypes.has(type) || user || role) found.push('seLinuxOptions')
  const seccomp = context?.seccompProfile
  if (seccomp !== undefined && !seccompTypes.has(seccomp.type)) found.push(`seccomp is ${seccomp.type}`)
  return found
}
