/* What both a container and a real node begin with: the image, and an Immich to back up. */
import { join } from 'node:path'
import { createSampleLibrary } from '../sample/library.ts'
import { exec } from '../support/exec.ts'
import { freePort } from '../support/ports.ts'
import { importBaseImages } from './baseImages.ts'
import type { Docker } from './docker.ts'
import { startPostgres17 } from './postgres.ts'

const project = join(import.meta.dirname, '../..')

/** Builds the image of the Dockerfile, with Debian's own client of PostgreSQL. */
export async function buildImage(docker: Docker, tag: string): Promise<void> {
  await importBaseImages(docker)
  const debianOwn = ['--build-arg', 'POSTGRES_MAJORS=17', '--build-arg', 'POSTGRES_SOURCE=']
  await docker.run(['build', '--network', 'host', ...debianOwn, '--tag', tag, project])
}

/**
 * Starts a PostgreSQL on the machine's own network, and fills it and a library that belongs to `uid`.
 * @param folders an empty one for the database, and one for the library, which is made.
 * @returns the URL of the database.
 */
export async function startSampleImmich(
  docker: Docker,
  folders: { postgres: string; library: string },
  uid: number,
): Promise<string> {
  const port = await freePort()
  const database = `postgres://immich@127.0.0.1:${port}/immich`
  const wanted = { name: 'immich-database', network: 'host', port, database: 'immich' } as const
  await startPostgres17(docker, folders.postgres, wanted)
  await createSampleLibrary({ root: folders.library, database })
  await exec('chown', ['--no-dereference', '--recursive', `${uid}:${uid}`, folders.library])
  return database
}
