/* What the manifests expect to be there, on a node that has no storage but its own folders. */
import type { ICronJob } from 'kubernetes-models/batch/v1/CronJob'
import type { Manifest } from '../k8s/manifests.ts'
import { ofOld } from './ofOld.ts'

/** The manifests with an image that is there, and with pods on the machine's own network. */
export function onThisNode(manifests: readonly Manifest[], image: string): Manifest[] {
  return manifests.map((manifest) => {
    const old = ofOld(manifest)
    const pod = (old as ICronJob).spec?.jobTemplate?.spec?.template.spec
    if (manifest.kind !== 'CronJob' || pod === undefined) return old
    pod.hostNetwork = true
    for (const container of pod.containers) container.image = image
    return old
  })
}

/** A folder of this machine, for the claim of this name. */
export function volume(claimName: string, path: string): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: claimName },
    spec: {
      capacity: { storage: '1Ti' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path },
      claimRef: { namespace: 'immich', name: claimName },
    },
  }
}

export function claim(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
}

/** A pod with the labels of Immich's server, to whose node the backup goes. */
export function immichServer(image: string): object {
  const labels = { 'app.kubernetes.io/name': 'server', 'app.kubernetes.io/instance': 'immich' }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'immich-server', labels },
    spec: {
      serviceAccountName: 'immich-backup',
      automountServiceAccountToken: false,
      hostNetwork: true,
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'server', image }],
    },
  }
}
