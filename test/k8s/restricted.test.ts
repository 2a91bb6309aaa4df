import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'
import { expect, test } from 'vitest'
import { violations } from './restricted.ts'

const own = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
const good = {
  containers: [{ name: 'one', securityContext: own }],
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
} satisfies IPodSpec

const bad: Record<string, Partial<IPodSpec>> = {
  hostNetwork: { hostNetwork: true },
  hostPID: { hostPID: true },
  'volume disk is a hostPath': { volumes: [{ name: 'disk', hostPath: { path: '/' } }] },
  'runAsUser is 0': { securityContext: { ...good.securityContext, runAsUser: 0 } },
  'one: runAsNonRoot is not true': { securityContext: { seccompProfile: { type: 'RuntimeDefault' } } },
  'one: has no seccompProfile': { securityContext: { runAsNonRoot: true } },
  'seccomp is Unconfined': {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'Unconfined' } },
  },
  'one: allowPrivilegeEscalation is not false': {
    containers: [{ name: 'one', securityContext: { capabilities: { drop: ['ALL'] } } }],
  },
  'one: does not drop ALL capabilities': {
    containers: [{ name: 'one', securityContext: { allowPrivilegeEscalation: false } }],
  },
  'one: adds CHOWN': {
    containers: [
      { name: 'one', securityContext: { ...own, capabilities: { drop: ['ALL'], add: ['CHOWN'] } } },
    ],
  },
  'one: privileged': { containers: [{ name: 'one', securityContext: { ...own, privileged: true } }] },
  'two: runAsUser is 0': {
    initContainers: [{ name: 'two', securityContext: { ...own, runAsUser: 0 } }],
  },
  'one: hostPort': {
    containers: [{ name: 'one', securityContext: own, ports: [{ containerPort: 1, hostPort: 1 }] }],
  },
}

test('a pod without any right is restricted', () => {
  expect(violations(good)).toEqual([])
})

test.each(Object.entries(bad))('is not restricted: %s', (violation, change) => {
  expect(violations({ ...good, ...change })).toEqual([violation])
})
