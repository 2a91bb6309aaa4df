import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Config } from '../../config/config.ts'
import { errorCode, UserError } from '../../shared/errors.ts'
import type { Finding } from '../../storage/probe/finding.ts'

const versionTimeoutMs = 10_000

/** Whether rclone is there, where a destination needs it. Opening the destination tells whether it is too old. */
export async function* checkRclone({ destinations }: Pick<Config, 'destinations'>): AsyncGenerator<Finding> {
  if (!destinations.some(({ type }) => type === 'rclone')) return
  yield { what: 'rclone', result: 'good', detail: await installedVersion() }
}

async function installedVersion(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('rclone', ['version'], { timeout: versionTimeoutMs })
    return stdout.split('\n')[0] ?? ''
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    throw new UserError('rclone is not installed', {
      hint: 'Install it, so that the command `rclone` is found.',
      cause: error,
    })
  }
}
