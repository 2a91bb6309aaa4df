import { runProgram } from './cli/program.ts'
import { processVariables } from './config/environment.ts'
import { exitCodes } from './shared/errors.ts'

/** A tidy end takes 15 seconds at most, where a storage does not answer; whoever asked for it may have 20. */
const longestEndMs = 19_000

const stop = new AbortController()

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // Whoever asks twice does not want to wait for a tidy end. What is written by then is whole.
    if (stop.signal.aborted) endNow()
    stop.abort()
    setTimeout(endNow, longestEndMs).unref()
  })
}

process.exitCode = await runProgram(process.argv.slice(2), {
  env: processVariables(),
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
})

/**
 * Ends the process as it is: another program takes its place. `process.exit` waits for all threads, and one that reads
 * from a server that does not answer, as NFS has it, never ends; and a signal of its own does nothing to the first
 * process of a container.
 */
function endNow(): never {
  process.execve?.('/bin/sh', ['sh', '-c', `exit ${exitCodes.cancelled}`], {})
  process.exit(exitCodes.cancelled)
}
