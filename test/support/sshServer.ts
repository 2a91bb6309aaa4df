import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { access, appendFile, chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { SftpOptions } from '../../src/storage/options.ts'
import { cleanUpAfterwards } from './cleaner.ts'
import { exec } from './exec.ts'
import { freePort } from './ports.ts'

const account = 'safelight-sftp'
const program = '/usr/sbin/sshd'
const hostKeyTypes = ['ed25519', 'ecdsa'] as const

export interface SshServer extends AsyncDisposable {
  /** Its public host keys, as `ssh-ed25519 AAAA...`. */
  hostKeys: Record<(typeof hostKeyTypes)[number], string>
  /** A new, empty folder of the account's. */
  folder(): Promise<SshFolder>
  /** Ends the server and every connection at once, in the middle of whatever they do. */
  kill(): Promise<void>
  /** Starts it again at the same port. */
  restart(): Promise<void>
  /** Lets every connection fall silent without ending it, until what this gives is disposed of. */
  silence(): Promise<AsyncDisposable>
  /** Id of the process that listens. */
  readonly pid: number
  /** Lets the account in with another key, too. @param publicKey `ssh-ed25519 AAAA...` */
  letIn(publicKey: string): Promise<void>
  /** Gives it other host keys, which it shows once it was started again. */
  renewHostKeys(): Promise<void>
}

export interface SshFolder {
  /** Where it is on this machine. */
  local: string
  /** What opens it as the program's storage. */
  options: SftpOptions
  /** Puts a file system of so many bytes in its place, which the caller unmounts. */
  mount(size: number): Promise<AsyncDisposable>
}

/**
 * Starts OpenSSH's own server on loopback. One account, which is made when absent and has no password, may log in with a key,
 * do SFTP in a chroot, and nothing else. All is gone when this process ends, however that happens, but the account.
 * @param denied requests that the server refuses, as `-P` of sftp-server(8) has them.
 * @throws Error that says what is missing on this machine.
 */
export async function startSshServer({ denied = '' } = {}): Promise<SshServer> {
  await requireServer()
  const owner = await ensureAccount()
  // Everything above a chroot has to be root's alone, which rules out the usual folder for temporary files.
  const home = await mkdtemp('/run/safelight-test-ssh-')
  const cleaner = cleanUpAfterwards('kill -9 $(cat "$1/pid"); rm -rf -- "$1"', [home])
  try {
    const root = join(home, 'root')
    await mkdir(root)
    await chmod(home, 0o755)
    await makeKey(join(home, 'account'), 'ed25519')
    const hostKeys = await makeHostKeys(home)
    const privateKey = await readFile(join(home, 'account'), 'utf8')
    let { daemon, port } = await startAtFreePort(home, root, denied)
    return {
      hostKeys,
      async folder() {
        const path = `/${randomUUID()}`
        const local = join(root, path)
        await mkdir(local)
        await chown(local, owner.uid, owner.gid)
        const pins = [hostKeys.ed25519]
        const server = { type: 'sftp', host: '127.0.0.1', port, user: account, connections: 2 } as const
        return {
          local,
          options: { ...server, path, hostKeys: pins, privateKey },
          async mount(size) {
            const owned = `size=${size},mode=700,uid=${owner.uid},gid=${owner.gid}`
            await exec('mount', ['-t', 'tmpfs', '-o', owned, 'safelight-test', local])
            return { [Symbol.asyncDispose]: async () => void (await exec('umount', ['-l', local])) }
          },
        }
      },
      kill: async () => await killTree(daemon),
      async restart() {
        daemon = await startAt(home, port)
      },
      async silence() {
        await signalTree(daemon, 'SIGSTOP')
        return { [Symbol.asyncDispose]: async () => await signalTree(daemon, 'SIGCONT') }
      },
      get pid() {
        return daemon.pid ?? 0
      },
      letIn: async (publicKey) => await appendFile(join(home, 'account.pub'), `${publicKey}\n`),
      async renewHostKeys() {
        Object.assign(hostKeys, await makeHostKeys(home))
      },
      async [Symbol.asyncDispose]() {
        await killTree(daemon)
        await cleaner[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await cleaner[Symbol.asyncDispose]()
    throw error
  }
}

async function requireServer(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('the SSH server of the tests needs root: it makes a chroot')
  try {
    await access(program)
  } catch (cause) {
    throw new Error('the SSH server of the tests is missing: apt-get install openssh-server', { cause })
  }
  await mkdir('/run/sshd', { recursive: true })
}

/** Several test files do this at the same time, and only one `useradd` holds the lock: the others look again. */
async function ensureAccount(): Promise<{ uid: number; gid: number }> {
  for (let attempt = 1; ; attempt++) {
    try {
      const [uid, gid] = [await exec('id', ['-u', account]), await exec('id', ['-g', account])]
      return { uid: Number(uid), gid: Number(gid) }
    } catch (error) {
      if (attempt === 20) throw error
    }
    // Without PAM, an account whose password field is locked can't log in at all.
    const options = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin']
    await exec('useradd', [...options, '--password', '*', account]).catch(async () => await delay(100))
  }
}

async function makeHostKeys(home: string): Promise<SshServer['hostKeys']> {
  for (const type of hostKeyTypes) await makeKey(join(home, type), type)
  const publicKey = async (type: string) => (await readFile(join(home, `${type}.pub`), 'utf8')).trim()
  return { ed25519: await publicKey('ed25519'), ecdsa: await publicKey('ecdsa') }
}

async function makeKey(path: string, type: string): Promise<void> {
  for (const file of [path, `${path}.pub`]) await rm(file, { force: true })
  await exec('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', path])
}

async function startAtFreePort(
  home: string,
  root: string,
  denied: string,
): Promise<{ daemon: ChildProcess; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    await writeFile(join(home, 'config'), configOf(home, root, port, denied))
    try {
      return { daemon: await startAt(home, port), port }
    } catch (error) {
      if (attempt === 5) throw error
    }
  }
}

function configOf(home: string, root: string, port: number, denied: string): string {
  return [
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    `PidFile ${home}/pid`,
    ...hostKeyTypes.map((type) => `HostKey ${home}/${type}`),
    `AuthorizedKeysFile ${home}/account.pub`,
    `AllowUsers ${account}`,
    `ChrootDirectory ${root}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'MaxStartups 100',
    'Subsystem sftp internal-sftp',
    `ForceCommand internal-sftp${denied === '' ? '' : ` -P ${denied}`}`,
    '',
  ].join('\n')
}

/** Starts the server and waits until it listens. @throws Error when it ends instead. */
async function startAt(home: string, port: number): Promise<ChildProcess> {
  const log = join(home, 'log')
  const daemon = spawn(program, ['-D', '-E', log, '-f', join(home, 'config')], { stdio: 'ignore' })
  while (!(await listens(port))) {
    if (daemon.exitCode !== null) throw new Error(`sshd ended: ${await readFile(log, 'utf8')}`)
    await delay(20)
  }
  return daemon
}

async function listens(port: number): Promise<boolean> {
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

/** Each connection has processes of its own, which outlive the one that listens. */
async function killTree(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return
  const exited = once(daemon, 'exit')
  await signalTree(daemon, 'SIGKILL')
  await exited
}

async function signalTree({ pid }: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (pid === undefined) return
  for (const each of [pid, ...(await descendants(pid))]) {
    try {
      process.kill(each, signal)
    } catch {
      // It ended by itself.
    }
  }
}

async function descendants(pid: number): Promise<number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const children = list.split(' ').filter(Boolean).map(Number)
  return [...children, ...(await Promise.all(children.map(descendants))).flat()]
}
