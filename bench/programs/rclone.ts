import { join } from 'node:path'
import { run, type Command } from '../command.ts'
import type { Place } from '../places.ts'
import type { Program } from './program.ts'

export const rclone: Program = {
  places: ['local', 's3'],
  version: async () => (await run({ program: 'rclone', args: ['version'] })).split('\n')[0] ?? '',
  setup: '`rclone copy` to a crypt remote, its defaults: 4 transfers, 8 checkers, names encrypted',
  async prepare({ library, place, home, restoreTo }) {
    const password = (await run({ program: 'rclone', args: ['obscure', 'bench'] })).trim()
    const env = {
      RCLONE_CONFIG: join(home, 'rclone.conf'),
      RCLONE_CONFIG_VAULT_TYPE: 'crypt',
      RCLONE_CONFIG_VAULT_PASSWORD: password,
      ...accessTo(place),
    }
    const copy = (from: string, to: string): Command => ({
      program: 'rclone',
      args: ['copy', from, to],
      env,
    })
    return {
      commands: {
        'first backup': copy(library, 'vault:'),
        'nothing changed': copy(library, 'vault:'),
        restore: copy('vault:', restoreTo),
      },
    }
  },
}

function accessTo(place: Place): Record<string, string> {
  if (place.type === 'local') return { RCLONE_CONFIG_VAULT_REMOTE: place.path }
  const { endpoint, accessKeyId, secretAccessKey } = place.server
  return {
    RCLONE_CONFIG_VAULT_REMOTE: `cloud:${place.bucket}`,
    RCLONE_CA_CERT: place.ca,
    RCLONE_CONFIG_CLOUD_TYPE: 's3',
    RCLONE_CONFIG_CLOUD_PROVIDER: 'Ceph',
    RCLONE_CONFIG_CLOUD_ENDPOINT: endpoint,
    RCLONE_CONFIG_CLOUD_ACCESS_KEY_ID: accessKeyId,
    RCLONE_CONFIG_CLOUD_SECRET_ACCESS_KEY: secretAccessKey,
  }
}
