import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Starts a small shell that waits until this process is gone, however it ends, SIGKILL included, and then runs
 * `script` with `args` as `$1`, `$2`, ... It notices by the end of a pipe that only this process holds open.
 * Disposing of the cleaner runs the script now and waits for its end.
 */
export function cleanUpAfterwards(script: string, args: readonly string[]): AsyncDisposable {
  const shell = spawn('/bin/sh', ['-c', `cat; ${script}`, 'cleaner', ...args], {
    // A session of its own, so that Ctrl-C at a terminal does not end the cleaner before its work.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  shell.unref()
  return {
    async [Symbol.asyncDispose]() {
      if (shell.exitCode !== null) return
      const exited = once(shell, 'exit')
      shell.ref()
      shell.stdin.end()
      await exited
    },
  }
}
