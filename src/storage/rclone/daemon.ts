import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../../shared/abort.ts'
import { UserError } from '../../shared/errors.ts'
import type { RcloneAddress, RcloneOptions } from '../options.ts'
import { StorageError } from '../errors.ts'
import type { CallOptions } from '../storage.ts'
import { RcloneApi } from './api.ts'
import { lastLines } from './log.ts'
import { daemonScript } from './script.ts'

/** The oldest version that all of this was seen to work with: Debian 12's. */
const oldest = '1.60'
const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number)
/** How long rclone may take to answer for the first time, and to end, in milliseconds. */
const startMs = 30_000
const endMs = 3_000
const pollMs = 10

export interface RcloneDaemon extends AsyncDisposable {
  address: RcloneAddress
}

/**
 * Starts one `rclone rcd` for everything that this process and its threads do with a remote. It listens on loopback
 * only, behind a random password, and ends when it is disposed of or this process is gone, however it ends.
 * @param signal ends the start alone.
 * @throws UserError when rclone is not installed, is too old, or does not start; the signal's reason.
 */
export async function startRclone(
  { config = '', configPassword = '' }: RcloneOptions,
  { signal }: CallOptions = {},
): Promise<RcloneDaemon> {
  signal?.throwIfAborted()
  const password = randomBytes(32).toString('base64url')
  if (/[\r\n]/.test(config + configPassword)) {
    throw new UserError("the path and the password of rclone's configuration can't hold a line break")
  }
  const folder = await mkdtemp(join(tmpdir(), 'safelight-rclone-'))
  const log = join(folder, 'log')
  await using stack = new AsyncDisposableStack()
  stack.defer(async () => await rm(folder, { recursive: true, force: true }))
  const shell = await runScript(folder, log)
  stack.defer(async () => await end(shell))
  shell.stdin?.write(`${password}\n${config}\n${configPassword}\n`)

  const port = await portOf(shell, { log, password, signal })
  const address = { port, password, log }
  await check(shell, address, { signal })
  const owned = stack.move()
  return { address, [Symbol.asyncDispose]: async () => await owned.disposeAsync() }
}

async function runScript(folder: string, log: string): Promise<ChildProcess> {
  await using output = await open(log, 'ax', 0o600)
  const shell = spawn('/bin/sh', ['-c', daemonScript, 'safelight-rclone', folder], {
    // A session of its own: Ctrl-C at a terminal is for us to hear, and rclone is still needed to end well.
    detached: true,
    stdio: ['pipe', output.fd, output.fd],
  })
  // That the pipe broke says only that the shell has ended.
  shell.stdin?.on('error', () => undefined)
  await once(shell, 'spawn')
  return shell
}

/** Waits until rclone says where it listens: it takes a free port by itself. */
async function portOf(
  shell: ChildProcess,
  { log, password, signal }: CallOptions & { log: string; password: string },
): Promise<number> {
  const deadline = performance.now() + startMs
  while (performance.now() < deadline) {
    const isOver = hasEnded(shell)
    const port = /remote control on http:\/\/127\.0\.0\.1:(\d+)/.exec(await readFile(log, 'utf8'))?.[1]
    if (port !== undefined) return Number(port)
    if (shell.exitCode === 127) {
      throw new UserError('rclone is not installed', {
        hint: `Install rclone ${oldest} or later, so that the command \`rclone\` is found.`,
      })
    }
    if (isOver) throw new UserError(`rclone did not start${await lastLines(log, password)}`)
    await sleep(pollMs, signal)
  }
  throw new UserError(`rclone did not start within ${startMs / 1000} s${await lastLines(log, password)}`)
}

/** @throws UserError when rclone is too old, or ends because it can't read its configuration. */
async function check(shell: ChildProcess, address: RcloneAddress, call: CallOptions): Promise<void> {
  const api = new RcloneApi(address, startMs)
  try {
    requireVersion(await api.call('core/version', {}, call))
    await api.call('config/listremotes', {}, call)
  } catch (error) {
    call.signal?.throwIfAborted()
    if (error instanceof UserError && !(error instanceof StorageError)) throw error
    await ended(shell)
    throw new UserError(`rclone did not start${await lastLines(address.log, address.password)}`, {
      cause: error,
      hint: 'See whether `rclone listremotes` works with the same configuration and password.',
    })
  } finally {
    api.close()
  }
}

function requireVersion({ version, decomposed }: { version: string; decomposed: number[] }): void {
  const [major = 0, minor = 0] = decomposed
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
  throw new UserError(`rclone ${version} is too old`, { hint: `Install rclone ${oldest} or later.` })
}

async function end(shell: ChildProcess): Promise<void> {
  shell.stdin?.end()
  await ended(shell)
}

/** Waits for its end, though not forever: what does not heed it is killed, with all that it started. */
async function ended(shell: ChildProcess): Promise<void> {
  if (hasEnded(shell)) return
  const kill = () => shell.pid !== undefined && process.kill(-shell.pid, 'SIGKILL')
  const tooLong = setTimeout(kill, endMs)
  await once(shell, 'exit')
  clearTimeout(tooLong)
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
