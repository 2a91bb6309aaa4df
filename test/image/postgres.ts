import { chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { cachedPackages } from '../support/debian.ts'
import type { Docker } from './docker.ts'

const bin = '/usr/lib/postgresql/17/bin'
/** Debian's `nobody`: initdb wants a user that has a name. */
const uid = 65534

interface Wanted {
  /** The container's name. */
  name: string
  /** `none`: only containers that share its network reach it, as those of one pod do. */
  network: 'host' | 'none'
  port: number
  /** Made empty; its owner is the superuser `immich`, who needs no password. */
  database: string
}

/**
 * Starts Debian's PostgreSQL 17, whose client the image has, in a container.
 * @param folder where its data goes.
 */
export async function startPostgres17(docker: Docker, folder: string, wanted: Wanted): Promise<void> {
  const { name, network, port, database } = wanted
  const packages = ['postgresql-17', 'coreutils', 'dash', 'libc-bin']
  const root = await cachedPackages('postgresql-17-trixie', { suite: 'trixie', packages, variant: 'extract' })
  const data = join(folder, name)
  await mkdir(data)
  await chown(data, uid, uid)
  const mounts = ['--volume', `${root}/usr:/usr:ro`, '--volume', `${data}:/data`]
  const like = ['--user', String(uid), '--network', network, ...mounts, 'debian:trixie-slim']
  const init = ['--username=immich', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync']
  await docker.run(['run', '--rm', ...like, `${bin}/initdb`, ...init, '/data'])
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'].flatMap((one) => [
    '-c',
    one,
  ])
  const server = [`${bin}/postgres`, '-D', '/data', '-p', String(port), ...settings]
  await docker.run(['run', '--detach', '--name', name, ...like, ...server])
  const here = ['--host=127.0.0.1', `--port=${port}`, '--username=immich']
  while ((await docker.attempt(['exec', name, `${bin}/pg_isready`, ...here])).exitCode !== 0) await delay(100)
  await docker.run(['exec', name, `${bin}/createdb`, ...here, database])
}
