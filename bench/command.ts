import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** A program call to be measured. */
export interface Command {
  program: string
  args: readonly string[]
  /** Variables beside PATH and HOME; nothing else of ours is passed on. */
  env?: Record<string, string>
  cwd?: string
}

/** What a call took. */
export interface Usage {
  /** Seconds. */
  wall: number
  /** CPU seconds of the process and its children. */
  user: number
  system: number
  /** Bytes of the largest process at its peak. */
  memory: number
}

/**
 * Runs a command under GNU time.
 * @param home a folder for what the program keeps in a home directory, caches for example.
 * @returns what it took, and what it printed.
 * @throws Error with the command's own words when it fails.
 */
export async function measure(command: Command, home: string): Promise<{ usage: Usage; stdout: string }> {
  const figures = join(home, 'usage')
  const stdout = await run({
    ...command,
    program: '/usr/bin/time',
    args: ['--quiet', '--output', figures, '--format', '%e %U %S %M', command.program, ...command.args],
    env: { HOME: home, ...command.env },
  })
  const [wall = 0, user = 0, system = 0, kibibytes = 0] = (await readFile(figures, 'utf8'))
    .trim()
    .split(' ')
    .map(Number)
  return { usage: { wall, user, system, memory: kibibytes * 1024 }, stdout }
}

/** Runs a command to its end. @returns what it printed. @throws Error with the command's own words when it fails. */
export async function run({ program, args, env, cwd }: Command): Promise<string> {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  if (child.exitCode !== 0) {
    throw new Error(`${program} ${args.join(' ')} ended with ${child.exitCode}:\n${stderr}\n${stdout}`)
  }
  return stdout
}
