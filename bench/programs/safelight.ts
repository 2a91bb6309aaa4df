import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import packageJson from '../../package.json' with { type: 'json' }
import { run, type Command } from '../command.ts'
import type { Place } from '../places.ts'
import type { Program, Task } from './program.ts'

const program = fileURLToPath(new URL('../../bin/safelight', import.meta.url))

export const safelight: Program = {
  places: ['local', 's3'],
  version: async () => `safelight ${packageJson.version}, Node ${process.version}`,
  setup: 'its defaults, without a database',
  async prepare(task) {
    const call = await createVault(task)
    return {
      commands: {
        'first backup': call('backup'),
        'nothing changed': call('backup'),
        restore: call('restore', '--to', task.restoreTo),
      },
    }
  },
}

/** Creates a vault with an identity of its own. @returns how to call the program on it. */
export async function createVault({
  library,
  place,
  home,
}: Omit<Task, 'restoreTo'>): Promise<(...args: string[]) => Command> {
  const identity = join(home, 'identity.txt')
  const config = join(home, 'safelight.yaml')
  const destination = { name: 'bench', ...destinationOf(place) }
  const settings = {
    library,
    include: ['upload'],
    database: false,
    state: join(home, 'state'),
    identity: `file:${identity}`,
    destinations: [destination],
  }
  // Every JSON document is a YAML document.
  await writeFile(config, JSON.stringify(settings, null, 2))
  const env = accessTo(place)
  const call = (...args: string[]): Command => ({ program, args: ['--config', config, ...args], env })
  await run(call('keys', 'generate', '--out', identity))
  await run(call('init', '--yes'))
  return call
}

function destinationOf(place: Place): Record<string, unknown> {
  if (place.type === 'local') return { type: 'local', path: place.path }
  const { endpoint, region } = place.server
  const credentials = { accessKeyId: 'env:ACCESS_KEY_ID', secretAccessKey: 'env:SECRET_ACCESS_KEY' }
  return { type: 's3', bucket: place.bucket, endpoint, region, forcePathStyle: true, credentials }
}

function accessTo(place: Place): Record<string, string> {
  if (place.type === 'local') return {}
  const { accessKeyId, secretAccessKey } = place.server
  return {
    ACCESS_KEY_ID: accessKeyId,
    SECRET_ACCESS_KEY: secretAccessKey,
    NODE_EXTRA_CA_CERTS: place.ca,
  }
}
