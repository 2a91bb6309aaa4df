import { runProgram } from './cli/program.ts'
import { processVariables } from './config/environment.ts'
import { exitCodes } from './shared/errors.ts'

const stop = new AbortController()

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // Whoever asks twice does not want to wait for a tidy end.
    if (stop.signal.aborted) process.exit(exitCodes.cancelled)
    stop.abort()
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
