/* This machine as the only node of a Kubernetes. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Docker, startDocker } from '../image/docker.ts'
import { cleanUpAfterwards } from '../support/cleaner.ts'
import { freePort } from '../support/ports.ts'
import type { Kubernetes } from './kubernetes.ts'

/** A node, and the Docker in which it runs pods. */
export interface Node extends AsyncDisposable {
  docker: Docker
  /** Lets the node take pods, once its Docker has the images that they need. */
  join(kubernetes: Kubernetes): Promise<void>
}

const pause = 'local/pause:1'

/** Starts Docker as a node needs it. Disposing of it removes what pods had mounted, too. */
export async function startNode(): Promise<Node> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'safelight-node-'))
  stack.use(cleanUpAfterwards(cleanScript, [folder]))
  const docker = stack.use(await startDocker({ runtime: runtimeScript }))
  const running = stack.move()
  return {
    docker,
    async join(kubernetes) {
      await buildPause(docker, folder)
      kubernetes.start('kube-scheduler', {
        kubeconfig: kubernetes.kubeconfig,
        'leader-elect': 'false',
        port: '0',
        'bind-address': '127.0.0.1',
        'secure-port': String(await freePort()),
        'cert-dir': join(folder, 'certificates'),
      })
      kubernetes.start('kubelet', await kubeletOptions(kubernetes, docker, folder))
      await untilReady(kubernetes)
    },
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

/** It holds what the containers of a pod share. */
async function buildPause(docker: Docker, folder: string): Promise<void> {
  const dockerfile = join(folder, 'Dockerfile')
  await writeFile(dockerfile, 'FROM debian:trixie-slim\nENTRYPOINT ["sleep", "infinity"]\n')
  await docker.run(['build', '--network', 'none', '--tag', pause, '--file', dockerfile, folder])
}

async function kubeletOptions(
  { kubeconfig }: Kubernetes,
  docker: Docker,
  folder: string,
): Promise<Record<string, string>> {
  return {
    kubeconfig,
    'root-dir': join(folder, 'kubelet'),
    'cert-dir': join(folder, 'certificates'),
    // Nobody else reaches it: it does whatever it is told.
    'hostname-override': 'localhost',
    address: '127.0.0.1',
    port: String(await freePort()),
    'healthz-port': '0',
    'read-only-port': '0',
    'container-runtime': 'docker',
    'docker-endpoint': docker.host,
    'pod-infra-container-image': pause,
    // The machine may itself be a container: it keeps its control groups and its memory limits.
    'cgroup-driver': 'cgroupfs',
    'cgroups-per-qos': 'false',
    'enforce-node-allocatable': '',
    'fail-swap-on': 'false',
    'oom-score-adj': '0',
    'eviction-hard': '',
    'make-iptables-util-chains': 'false',
  }
}

/** Kubernetes protects its own processes from the kernel, which a container may not. */
const runtimeScript = `#!/bin/sh
previous=
for word; do
  if [ "$previous" = --bundle ] && [ -f "$word/config.json" ]; then
    sed -i -E 's/"oomScoreAdj":-[0-9]+/"oomScoreAdj":0/' "$word/config.json"
  fi
  previous=$word
done
exec /usr/bin/runc "$@"
`

const cleanScript = `
cut -d' ' -f2 /proc/mounts | grep "^$1/" | sort -r | xargs -r umount -l
rm -rf -- "$1"
`

async function untilReady(kubernetes: Kubernetes): Promise<void> {
  const condition = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
  const deadline = Date.now() + 120_000
  while (
    (await kubernetes.kubectl(['get', 'node', 'localhost', '--output', condition]).catch(() => '')) !== 'True'
  ) {
    if (Date.now() > deadline) throw new Error('the node is not ready')
    await delay(500)
  }
}
