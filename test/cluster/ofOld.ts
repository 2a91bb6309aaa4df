/*
 * What a manifest is without that which came after Kubernetes 1.20. Of these fields nothing is tried here: timeZone,
 * podFailurePolicy, Indexed jobs, and the drill's Postgres as a sidecar.
 */
import type { ICronJob } from 'kubernetes-models/batch/v1/CronJob'
import type { Manifest } from '../k8s/manifests.ts'

export function ofOld(manifest: Manifest): Manifest {
  if (manifest.kind !== 'CronJob') return manifest
  const old = { ...structuredClone(manifest), apiVersion: 'batch/v1beta1' }
  const { spec } = old as ICronJob
  const job = spec?.jobTemplate.spec
  delete spec?.timeZone
  delete job?.podFailurePolicy
  delete job?.completionMode
  delete job?.backoffLimitPerIndex
  for (const container of job?.template.spec?.initContainers ?? []) {
    delete container.restartPolicy
    // Only a sidecar can have one.
    delete container.startupProbe
  }
  return old
}
