/*
 * A real S3 server for tests, benchmarks and scripts: one Ceph monitor, one object store in memory and the RADOS
 * gateway, on loopback and free ports, started in under three seconds. Nothing of it outlives its owner: the daemons
 * get SIGKILL from the kernel when the process that started them dies.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { cephConfig } from './cephConfig.ts'
import { cephRoot, type CephSuite } from './cephRoot.ts'
import { makeCertificate } from './certificate.ts'
import { exec } from './exec.ts'
import { freePort } from './ports.ts'

/** How to reach an S3 server. Plain data, so that it can be handed to other processes. */
export interface S3Server {
  endpoint: string
  accessKeyId: string
  secretAccessKey: string
  region: string
  /** PEM of the authority that a client must trust, where the server speaks TLS. */
  ca?: string
}

export interface RunningS3Server extends S3Server, AsyncDisposable {}

/**
 * Starts a server of one's own. Disposing of it ends its processes and removes its data.
 * @param options.tls whether it speaks TLS, with a certificate of its own authority.
 * @param options.suite the Debian suite that its Ceph comes from.
 */
export async function startCeph({
  tls = false,
  suite = 'forky',
}: { tls?: boolean; suite?: CephSuite } = {}): Promise<RunningS3Server> {
  await using stack = new AsyncDisposableStack()
  const root = await cephRoot(suite)
  await removeAbandoned(root)
  const home = `/ceph-${process.pid}-${randomUUID()}`
  stack.defer(() => rm(root + home, { recursive: true, force: true }))
  const ceph = new Chroot(root, home)
  stack.defer(() => ceph.end())

  const monitorPort = await freePort()
  await ceph.prepare(monitorPort)
  await startMonitor(ceph, monitorPort)
  await startObjectStore(ceph)
  const keys = { accessKeyId: 'test', secretAccessKey: 'testtest' }
  await createUser(ceph, keys)
  const gatewayPort = await freePort()
  await startGateway(ceph, gatewayPort, { tls })

  const running = stack.move()
  return {
    endpoint: `${tls ? 'https' : 'http'}://127.0.0.1:${gatewayPort}`,
    ...(tls ? { ca: await readFile(join(root, home, 'ca.pem'), 'utf8') } : {}),
    ...keys,
    region: 'us-east-1',
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

async function startMonitor(ceph: Chroot, port: number): Promise<void> {
  const { home } = ceph
  const keyring = (name: string, allowed: Record<string, string>, ...args: string[]) => {
    const capabilities = Object.entries(allowed).flatMap(([daemon, what]) => ['--cap', daemon, what])
    return ceph.run('ceph-authtool', `${home}/keyring`, ...args, '--gen-key', '-n', name, ...capabilities)
  }
  const everything = { mon: 'allow *', osd: 'allow *', mgr: 'allow *', mds: 'allow *' }
  await keyring('mon.', { mon: 'allow *' }, '--create-keyring')
  await keyring('client.admin', everything)
  await keyring('osd.0', { mon: 'allow profile osd', osd: 'allow *', mgr: 'allow profile osd' })
  const map = `${home}/monmap`
  await ceph.run('monmaptool', '--create', '--fsid', ceph.id, '--addv', 'a', `[v2:127.0.0.1:${port}]`, map)
  await ceph.run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--keyring', `${home}/keyring`)
  ceph.start('ceph-mon', '-i', 'a', '-f')
}

async function startObjectStore(ceph: Chroot): Promise<void> {
  const id = randomUUID()
  await ceph.run('ceph', 'osd', 'new', id)
  await ceph.run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', id)
  ceph.start('ceph-osd', '-i', '0', '-f')
  await until('the object store to come up', async () => {
    const status = await ceph.run('ceph', 'osd', 'stat', '-f', 'json')
    return status.includes('"num_up_osds":1')
  })
}

async function createUser(
  ceph: Chroot,
  keys: { accessKeyId: string; secretAccessKey: string },
): Promise<void> {
  const credentials = [`--access-key=${keys.accessKeyId}`, `--secret-key=${keys.secretAccessKey}`]
  // It may make other users: s3User.ts.
  const rights = '--caps=users=write'
  await ceph.run(
    'radosgw-admin',
    'user',
    'create',
    '--uid=test',
    '--display-name=test',
    rights,
    ...credentials,
  )
  // Storage classes have to be there before the gateway starts.
  for (const storageClass of ['STANDARD_IA', 'GLACIER', 'DEEP_ARCHIVE']) {
    const place = ['--placement-id', 'default-placement', '--storage-class', storageClass]
    await ceph.run('radosgw-admin', 'zonegroup', 'placement', 'add', '--rgw-zonegroup', 'default', ...place)
    const pool = ['--data-pool', 'default.rgw.buckets.data']
    await ceph.run('radosgw-admin', 'zone', 'placement', 'add', '--rgw-zone', 'default', ...place, ...pool)
  }
}

async function startGateway(ceph: Chroot, port: number, { tls }: { tls: boolean }): Promise<void> {
  if (tls) await makeCertificate(join(ceph.root, ceph.home))
  const { home } = ceph
  const listener = tls
    ? `ssl_endpoint=127.0.0.1:${port} ssl_certificate=${home}/server.pem ssl_private_key=${home}/server.key`
    : `endpoint=127.0.0.1:${port}`
  const frontend = `--rgw_frontends=beast ${listener} tcp_nodelay=1`
  ceph.start('radosgw', '-f', '-n', 'client.admin', `--keyring=${ceph.home}/keyring`, frontend)
  await until('the gateway to listen', () => accepts(port))
}

/** Ceph's commands and daemons inside the unpacked folder, with a folder of their own in it. */
class Chroot {
  readonly root: string
  readonly home: string
  readonly id = randomUUID()
  readonly #daemons: ChildProcess[] = []

  constructor(root: string, home: string) {
    this.root = root
    this.home = home
  }

  async prepare(monitorPort: number): Promise<void> {
    for (const folder of ['mon', 'osd', 'mgr', 'run', 'log']) {
      await mkdir(join(this.root, this.home, folder), { recursive: true })
    }
    const config = cephConfig({ id: this.id, home: this.home, monitorPort })
    await writeFile(join(this.root, this.home, 'ceph.conf'), config)
  }

  async run(command: string, ...args: string[]): Promise<string> {
    return exec('chroot', this.#inside(command, args))
  }

  start(command: string, ...args: string[]): void {
    const log = openSync(join(this.root, this.home, 'log', `${command}.out`), 'w')
    const guarded = ['--pdeathsig', 'KILL', 'chroot', ...this.#inside(command, args)]
    this.#daemons.push(spawn('setpriv', guarded, { stdio: ['ignore', log, log] }))
  }

  async end(): Promise<void> {
    const running = this.#daemons.filter((daemon) => daemon.exitCode === null && daemon.signalCode === null)
    await Promise.all(
      running.map(async (daemon) => {
        const ended = once(daemon, 'exit')
        daemon.kill('SIGKILL')
        await ended
      }),
    )
  }

  #inside(command: string, args: string[]): string[] {
    return [this.root, 'env', `CEPH_CONF=${this.home}/ceph.conf`, command, ...args]
  }
}

/** Removes the folders of servers whose process was killed. */
async function removeAbandoned(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const owner = /^ceph-(\d+)-/.exec(name)?.[1]
    if (owner !== undefined && !isRunning(Number(owner))) {
      await rm(join(root, name), { recursive: true, force: true })
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error(`waited a minute in vain for ${what}`)
    await delay(50)
  }
}
