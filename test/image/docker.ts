import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { cleanUpAfterwards } from '../support/cleaner.ts'

export interface Ended {
  exitCode: number
  stdout: string
  stderr: string
}

/** A Docker daemon of one's own. */
export interface Docker extends AsyncDisposable {
  /** The URL of its socket. */
  host: string
  /** Runs `docker ARGS` to its end, however that is. */
  attempt(args: readonly string[]): Promise<Ended>
  /** Runs `docker ARGS` and gives its stdout. @throws Error with all that it said when it fails. */
  run(args: readonly string[]): Promise<string>
}

/** The Debian package's own: it fits the daemon, and builds with BuildKit. */
const client = '/usr/bin/docker'

interface DockerOptions {
  /** A script that runs containers, in place of Docker's own runc. */
  runtime?: string
}

/**
 * Starts a daemon that gives containers no network but the machine's own or none, so that it leaves no bridge and no
 * firewall rule behind. Disposing of it ends its containers and removes all that it stored; so does the end of this
 * process.
 * @throws Error that says why it can't run here.
 */
export async function startDocker({ runtime }: DockerOptions = {}): Promise<Docker> {
  const folder = await mkdtemp(join(tmpdir(), 'safelight-docker-'))
  const [log, pidFile] = [join(folder, 'log'), join(folder, 'pid')]
  const host = `unix://${folder}/socket`
  const cleaner = cleanUpAfterwards(endScript, [folder, pidFile])
  const places = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')]
  const network = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false']
  const script = join(folder, 'runtime')
  const own = runtime === undefined ? [] : [`--add-runtime=own=${script}`, '--default-runtime=own']
  if (runtime !== undefined) await writeFile(script, runtime, { mode: 0o755 })
  const options = [
    '--host',
    host,
    '--pidfile',
    pidFile,
    ...places,
    ...network,
    ...own,
    '--shutdown-timeout=2',
  ]
  const daemon = spawn('sh', ['-c', 'exec dockerd "$@" >"$0" 2>&1', log, ...options], { stdio: 'ignore' })
  const docker: Docker = {
    host,
    attempt: async (args) => await ended(spawn(client, ['--host', host, ...args], { stdio, env })),
    async run(args) {
      const { exitCode, stdout, stderr } = await docker.attempt(args)
      if (exitCode === 0) return stdout
      throw new Error(`docker ${args.join(' ')} ended with ${exitCode}:\n${stdout}${stderr}`)
    },
    [Symbol.asyncDispose]: () => cleaner[Symbol.asyncDispose](),
  }
  const deadline = Date.now() + 30_000
  while ((await docker.attempt(['info'])).exitCode !== 0) {
    if (daemon.exitCode !== null || Date.now() > deadline) {
      const reason = (await readFile(log, 'utf8')).trim().split('\n').slice(-3).join('\n')
      await docker[Symbol.asyncDispose]()
      throw new Error(`dockerd does not run here; it needs root, and a kernel with overlays:\n${reason}`)
    }
    await delay(100)
  }
  return docker
}

const env = { ...process.env, DOCKER_BUILDKIT: '1' }
const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']

async function ended(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Ended> {
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { exitCode: child.exitCode ?? 1, stdout, stderr }
}

// What it mounted for containers and did not unmount would otherwise stay, and keep the folder.
const endScript = `
pid=$(cat "$2") && kill "$pid" && for i in $(seq 100); do kill -0 "$pid" || break; sleep 0.1; done
cut -d' ' -f2 /proc/mounts | grep "^$1/" | sort -r | xargs -r umount -l
rm -rf -- "$1"
`
