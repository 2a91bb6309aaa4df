import { spawn, type ChildProcess } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { identityFile } from '../../../src/crypto/identity.ts'
import type { TestVault } from '../backedUp.ts'

export const program = fileURLToPath(new URL('../../../bin/safelight', import.meta.url))

/** Writes the configuration with which the real program opens a test's vault. @returns its path. */
export async function writeConfiguration(vault: TestVault, folder: string): Promise<string> {
  const file = join(folder, 'safelight.yaml')
  await writeFile(join(folder, 'identity'), identityFile(vault.identity, new Date()))
  const lines = [
    `vault: { id: ${vault.pin.id}, fingerprint: ${vault.pin.fingerprint} }`,
    'database: false',
    `state: ${JSON.stringify(join(folder, 'own state'))}`,
    'identity: file:./identity',
    `destinations: [{ name: disk, type: local, path: ${JSON.stringify(vault.path)} }]`,
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  return file
}

/** Starts the real program. Its environment has nothing of ours. */
export function start(command: readonly [string, ...string[]], cwd: string): ChildProcess {
  const [name, ...args] = command
  return spawn(name, args, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Runs the real program to its end. */
export async function run(
  command: readonly [string, ...string[]],
  cwd: string,
): Promise<{ exitCode: number | null; signal: string | null; stdout: string; stderr: string }> {
  const child = start(command, cwd)
  const ended = new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve([code, signal]))
  })
  const [stdout, stderr, [exitCode, signal]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    ended,
  ])
  return { exitCode, signal, stdout, stderr }
}
