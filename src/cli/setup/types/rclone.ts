import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { rcloneDestination } from '../../../config/destinations/rclone.ts'
import type { Discovery, DestinationType, DiscoverySurroundings } from './destinationType.ts'

const run = promisify(execFile)
const patienceMs = 10_000

export const rclone: DestinationType = {
  type: 'rclone',
  title: 'a remote of rclone',
  hint: 'whatever else rclone reaches',
  name: 'remote',
  advice: 'You need rclone, and a remote in its configuration: make one with `rclone config`.',
  schema: rcloneDestination,
  questions: [
    {
      field: 'config',
      flag: 'rclone-config',
      ask: "Where is rclone's configuration?",
      help: 'Where rclone itself looks for it, without an answer.',
      kind: 'path',
      optional: true,
      byFlagOnly: true,
    },
    {
      field: 'remote',
      flag: 'remote',
      ask: 'Which remote, and where in it shall the backups lie?',
      help: 'myremote:backups/immich',
      kind: 'text',
    },
    {
      field: 'configPassword',
      flag: 'rclone-password',
      ask: "What is the password of rclone's configuration?",
      help: 'Nothing, when it is not encrypted.',
      kind: 'secret',
      optional: true,
      labels: ['rclone_config_password'],
    },
  ],
  discover: { remote: knownRemotes },
}

/** An encrypted configuration gives no list: rclone would ask for its password. */
async function knownRemotes(
  { config }: Readonly<Record<string, string>>,
  { signal }: DiscoverySurroundings,
): Promise<Discovery> {
  const args = ['listremotes', '--ask-password=false', ...(config ? ['--config', config] : [])]
  try {
    const { stdout } = await run('rclone', args, { timeout: patienceMs, signal })
    const remotes = stdout.split('\n').filter(Boolean)
    const [only] = remotes
    if (only === undefined) return { note: 'rclone knows no remote yet. Make one with: rclone config' }
    return { note: `rclone knows: ${remotes.join(' ')}`, offer: `${only}immich` }
  } catch {
    signal.throwIfAborted()
    return {}
  }
}
