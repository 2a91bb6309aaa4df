import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execFileAsync = promisify(execFile)

interface ExecOptions {
  env?: NodeJS.ProcessEnv
  /** Milliseconds until the command is killed. */
  timeout?: number
}

/**
 * Runs a command to its end and gives what it wrote to stdout.
 * @throws what `execFile` throws, stderr included, when the command fails, is missing, or takes over a minute.
 */
export async function exec(
  command: string,
  args: readonly string[],
  { env, timeout = 60_000 }: ExecOptions = {},
): Promise<string> {
  const options = { timeout, maxBuffer: 64 << 20, ...(env === undefined ? {} : { env }) }
  const { stdout } = await execFileAsync(command, args, options)
  return stdout
}
