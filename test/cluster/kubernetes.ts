import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { cached } from '../support/debian.ts'
import { exec } from '../support/exec.ts'
import { freePort } from '../support/ports.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

/** A Kubernetes that takes manifests and makes pods. Without a node they wait for ever. */
export interface Kubernetes extends AsyncDisposable {
  /** By which its parts reach the API server. */
  kubeconfig: string
  /** Starts a further part of it, with these options; it ends before the others. */
  start(program: 'kube-scheduler' | 'kubelet', options: Readonly<Record<string, string>>): void
  /**
   * @returns what kubectl, of the same version, wrote.
   * @throws Error with all that it said.
   */
  kubectl(args: readonly string[]): Promise<string>
  /** The same, with a file of one manifest or several. */
  kubectlFile(args: readonly string[], content: object): Promise<string>
}

/** Starts etcd, the API server and the controllers. The first time they are built, which takes minutes. */
export async function startKubernetes(): Promise<Kubernetes> {
  const binaries = await cached('kubernetes-1.20.2', buildCommand, 60)
  await using stack = new AsyncDisposableStack()
  const { path: folder } = stack.use(await temporaryFolder())
  const start = (program: string, options: Readonly<Record<string, string>>): void => {
    const child = startDaemon(program, options, join(folder, `${basename(program)}.log`))
    stack.defer(async () => await end(child))
  }
  const kubeconfig = join(folder, 'kubeconfig')
  const [clients, peers, api] = [await freeUrl('http'), await freeUrl('http'), await freeUrl('https')]
  await writeFile(kubeconfig, JSON.stringify(clientOf(api)))
  start('etcd', etcdOptions(folder, clients, peers))
  start(join(binaries, 'kube-apiserver'), await serverOptions(folder, clients, api))
  const run = async (args: readonly string[]): Promise<string> =>
    await exec(join(binaries, 'kubectl'), ['--kubeconfig', kubeconfig, '--cache-dir', folder, ...args])
  await untilReady(run, join(folder, 'kube-apiserver.log'))
  start(join(binaries, 'kube-controller-manager'), {
    kubeconfig,
    'cert-dir': join(folder, 'certificates'),
    'service-account-private-key-file': join(folder, 'key'),
    'leader-elect': 'false',
    port: '0',
    'bind-address': '127.0.0.1',
    'secure-port': String(await freePort()),
  })
  const running = stack.move()
  return {
    kubeconfig,
    start(program, options) {
      const child = startDaemon(join(binaries, program), options, join(folder, `${program}.log`))
      running.defer(async () => await end(child))
    },
    kubectl: run,
    async kubectlFile(args, content) {
      const file = join(folder, 'manifests.json')
      const list = Array.isArray(content) ? { apiVersion: 'v1', kind: 'List', items: content } : content
      await writeFile(file, JSON.stringify(list))
      return await run([...args, '--filename', file])
    },
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

/** Whoever else uses the machine goes first. */
async function buildCommand(path: string): Promise<readonly string[]> {
  return ['nice', '-n', '15', 'sh', join(import.meta.dirname, 'build.sh'), path]
}

/** Nothing outlives this process, however it ends. */
function startDaemon(program: string, options: Readonly<Record<string, string>>, log: string): ChildProcess {
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
  const output = openSync(log, 'w')
  try {
    return spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], { stdio: ['ignore', output, output] })
  } finally {
    closeSync(output)
  }
}

async function freeUrl(scheme: string): Promise<string> {
  return `${scheme}://127.0.0.1:${await freePort()}`
}

function etcdOptions(folder: string, clients: string, peers: string): Record<string, string> {
  return {
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': clients,
    'advertise-client-urls': clients,
    'listen-peer-urls': peers,
    'initial-advertise-peer-urls': peers,
    'initial-cluster': `default=${peers}`,
  }
}

async function serverOptions(folder: string, etcd: string, api: string): Promise<Record<string, string>> {
  const [key, publicKey, tokens] = [join(folder, 'key'), join(folder, 'key.pub'), join(folder, 'tokens')]
  await exec('openssl', ['genrsa', '-out', key, '2048'])
  await exec('openssl', ['rsa', '-in', key, '-pubout', '-out', publicKey])
  await writeFile(tokens, `${token},admin,admin,system:masters\n`)
  return {
    'etcd-servers': etcd,
    'bind-address': '127.0.0.1',
    'secure-port': new URL(api).port,
    // It refuses to tell pods a loopback address. There are none to be told.
    'advertise-address': '192.0.2.1',
    'cert-dir': join(folder, 'certificates'),
    'service-cluster-ip-range': '10.0.0.0/24',
    'service-account-key-file': publicKey,
    'service-account-signing-key-file': key,
    'service-account-issuer': 'https://kubernetes.test',
    'token-auth-file': tokens,
    'authorization-mode': 'RBAC',
    // It reads the logs of pods at the address of this name.
    'kubelet-preferred-address-types': 'Hostname',
  }
}

const token = 'admin'

function clientOf(server: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  }
}

async function untilReady(run: Kubernetes['kubectl'], log: string): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const said = await run(['get', '--raw', '/readyz']).catch(() => '')
    if (said === 'ok') return
    if (Date.now() > deadline)
      throw new Error(`the API server did not start:\n${(await readFile(log, 'utf8')).slice(-2000)}`)
    await delay(200)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
