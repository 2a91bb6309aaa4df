import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Config } from '../../config/config.ts'
import { secretsIn } from '../../config/secrets.ts'
import { errorCode } from '../../shared/errors.ts'
import type { Finding } from '../../storage/probe/finding.ts'

const readableByAll = 0o004

/**
 * Whether the files that hold secrets can be read by everybody on the machine.
 * @param folder where the `.env` file would be.
 */
export async function* checkSecretFiles(config: Config, folder: string): AsyncGenerator<Finding> {
  const named = secretsIn(config).flatMap(({ secret }) => secret.file ?? [])
  const modes = new Map<string, number>()
  for (const path of new Set([...named, join(folder, '.env')])) {
    const mode = await modeOf(path)
    if (mode !== undefined) modes.set(path, mode)
  }
  if (modes.size === 0) return
  const open = [...modes].filter(([, mode]) => (mode & readableByAll) !== 0).map(([path]) => path)
  if (open.length === 0) {
    yield { what: 'secret files', result: 'good', detail: 'not everybody on this machine can read them' }
    return
  }
  yield {
    what: 'secret files',
    result: 'weak',
    detail: `everybody on this machine can read ${open.map((path) => basename(path)).join(', ')}`,
    remedy: `chmod 600 ${open.join(' ')}\nIn a pod it may stay as it is: nobody else is there.`,
  }
}

/** Undefined for a file that is not there, or that can't be looked at: the configuration tells of that. */
async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return undefined
  }
}
