import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../../shared/abort.ts'
import { UserError } from '../../shared/errors.ts'
import type { RcloneAddress, RcloneOptions } from '../options.ts'
import { RcloneApi } from './api.ts'
import { lastLines } from './log.ts'
import { daemonScript } from './script.ts'

/** The oldest version that all of this was seen to work with: Debian 12's. */
const oldestVersion = [1, 60]
/** How long rclone may take to answer for the first time, and to end, in milliseconds. */
const startMs = 30_000
const endMs = 5_000
const pollMs = 10

export interface RcloneDaemon extends AsyncDisposable {
  address: RcloneAddress
}

/**
 * Starts one `rclone rcd` for everything that this process and its threads do with a remote. It listens on loopback
 * only, behind a random password, and ends when it is disposed of or this process is gone, however it ends.
 * @throws UserError when rclone is not installed, is too old, or does not start.
 */
export async function startRclone({
  config = '',
  configPassword = '',
}: RcloneOptions): Promise<RcloneDaemon> {
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

  const port = await portOf(shell, { log, password })
  const address = { port, password, log }
  await checkVersion(address)
  const owned = stack.move()
  return { address, [Symbol.asyncDispose]: async () => await owned.disposeAsync() }
}

async function runScript(folder: string, log: string): Promise<ChildProcess> {
  await using output = await open(log, 'wx', 0o600)
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
  { log, password }: { log: string; password: string },
): Promise<number> {
  const deadline = performance.now() + startMs
  while (performance.now() < deadline) {
    const hasEnded = shell.exitCode !== null || shell.signalCode !== null
    const port = /remote control on http:\/\/127\.0\.0\.1:(\d+)/.exec(await readFile(log, 'utf8'))?.[1]
    if (port !== undefined) return Number(port)
    if (shell.exitCode === 127) {
      throw new UserError('rclone is not installed', {
        hint: 'Install rclone 1.60 or later, so that the command `rclone` is found.',
      })
    }
    if (hasEnded) throw new UserError(`rclone did not start${await lastLines(log, password)}`)
    await sleep(pollMs)
  }
  throw new UserError(`rclone did not start within ${startMs / 1000} s${await lastLines(log, password)}`)
}

async function checkVersion(address: RcloneAddress): Promise<void> {
  const api = new RcloneApi(address, startMs)
  try {
    const { version, decomposed } = await api.call<{ version: string; decomposed: number[] }>(
      'core/version',
      {},
    )
    const [major = 0, minor = 0] = decomposed
    const [oldestMajor = 0, oldestMinor = 0] = oldestVersion
    if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
    throw new UserError(`rclone ${version} is too old`, {
      hint: `Install rclone ${oldestVersion.join('.')} or later.`,
    })
  } finally {
    api.close()
  }
}

async function end(shell: ChildProcess): Promise<void> {
  shell.stdin?.end()
  if (shell.exitCode !== null || shell.signalCode !== null) return
  await once(shell, 'exit', { signal: AbortSignal.timeout(endMs) })
}
