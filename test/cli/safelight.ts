import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { runInProcess } from './inProcess.ts'

const program = fileURLToPath(new URL('../../bin/safelight', import.meta.url))

/** How a run of the program ended. */
export interface Ended {
  exitCode: number | null
  stdout: string
  stderr: string
}

interface RunOptions {
  env?: Record<string, string>
  stdin?: string
}

/** A temporary working directory to run Safelight in, without any variable of ours. */
export async function workplace() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'safelight-cli-'))
  const environment = (env: Record<string, string> = {}) => ({
    PATH: process.env['PATH'],
    HOME: folder.path,
    ...env,
  })
  return {
    path: folder.path,
    /** Runs `safelight ARGS` to its end, without a process of its own. */
    run: async (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
      await runInProcess(args, { cwd: folder.path, ...options }),
    /** Runs the real program to its end, which takes half a second longer. */
    async runProgram(args: readonly string[], { env, stdin = '' }: RunOptions = {}): Promise<Ended> {
      const child = spawn(program, args, { cwd: folder.path, env: environment(env) })
      child.stdin.end(stdin)
      const [stdout, stderr] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ])
      return { exitCode: child.exitCode, stdout, stderr }
    },
    /**
     * Runs a shell command line, in which `safelight` and `$SAFELIGHT` are the program, at a terminal of its own.
     * @param answers what is typed, or done, as soon as the text before it has appeared.
     * @returns everything that the terminal showed.
     */
    async atTerminal(
      command: string,
      answers: readonly (readonly [after: string, answer: string | ((shown: string) => void)])[],
    ): Promise<string> {
      const line = `stty cols 80; safelight() { "$SAFELIGHT" "$@"; }; ${command}`
      const child = spawn('script', ['-qec', line, '/dev/null'], {
        cwd: folder.path,
        env: environment({ TERM: 'xterm', SAFELIGHT: program }),
      })
      const waiting = [...answers]
      let shown = ''
      for await (const chunk of child.stdout.setEncoding('utf8')) {
        shown += chunk
        const [next] = waiting
        if (next && shown.includes(next[0])) {
          waiting.shift()
          if (typeof next[1] === 'string') child.stdin.write(next[1])
          else next[1](shown)
        }
      }
      return shown
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  }
}
