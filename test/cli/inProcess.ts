import { Readable, Writable } from 'node:stream'
import { runProgram } from '../../src/cli/program.ts'
import type { Ended } from './safelight.ts'

interface Around {
  /** The working directory. */
  cwd: string
  env?: Record<string, string>
  stdin?: string
  /** Whether stdin is a terminal, at which a person types. */
  terminal?: boolean
  signal?: AbortSignal
}

/** Runs `safelight ARGS` to its end, without a process of its own, and without any variable of ours but PATH. */
export async function runInProcess(
  args: readonly string[],
  { cwd, env = {}, stdin = '', terminal = false, signal = new AbortController().signal }: Around,
): Promise<Ended> {
  const stdout = new Collected()
  const stderr = new Collected()
  const exitCode = await runProgram(args, {
    env: { PATH: process.env['PATH'], HOME: cwd, ...env },
    cwd,
    stdin: Object.assign(Readable.from([stdin]), { isTTY: terminal }),
    stdout,
    stderr,
    signal,
  })
  return { exitCode, stdout: stdout.text, stderr: stderr.text }
}

class Collected extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}
