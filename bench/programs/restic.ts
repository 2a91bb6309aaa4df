import { join } from 'node:path'
import { run, type Command } from '../command.ts'
import type { Place } from '../places.ts'
import type { Program } from './program.ts'

export const restic: Program = {
  places: ['local', 's3'],
  version: async () => (await run({ program: 'restic', args: ['version'] })).trim(),
  setup: 'its defaults, compression `auto` included: it tries, and stores what does not compress as it is',
  async prepare({ library, place, home, restoreTo }) {
    const env = { HOME: home, RESTIC_PASSWORD: 'bench', ...accessTo(place) }
    const trust = place.type === 's3' ? ['--cacert', place.ca] : []
    const call = (...args: string[]): Command => ({ program: 'restic', args: [...trust, ...args], env })
    await run(call('init'))
    return {
      commands: {
        'first backup': call('backup', library),
        'nothing changed': call('backup', library),
        restore: call('restore', 'latest', '--target', restoreTo),
      },
      restoredRoot: join(restoreTo, library),
    }
  },
}

function accessTo(place: Place): Record<string, string> {
  if (place.type === 'local') return { RESTIC_REPOSITORY: place.path }
  const { endpoint, accessKeyId, secretAccessKey } = place.server
  return {
    RESTIC_REPOSITORY: `s3:${endpoint}/${place.bucket}`,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  }
}
