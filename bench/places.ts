import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createBucket } from '../test/support/bucket.ts'
import type { S3Server } from '../test/support/ceph.ts'

export type PlaceType = 'local' | 's3'

/** An empty place for one repository. */
export type Place =
  { type: 'local'; path: string } | { type: 's3'; server: S3Server; bucket: string; /** File. */ ca: string }

/** Makes a place. Disposing of it removes it with all that it holds. */
export async function makePlace(
  type: PlaceType,
  folder: string,
  server: S3Server | undefined,
): Promise<{ place: Place } & AsyncDisposable> {
  if (type === 'local') {
    const path = join(folder, 'repository')
    await mkdir(path)
    return {
      place: { type, path },
      [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
    }
  }
  if (!server) throw new Error('no S3 server is running')
  const ca = join(folder, 'ca.pem')
  await writeFile(ca, server.ca ?? '')
  const bucket = await createBucket(server)
  return {
    place: { type, server, bucket: bucket.name, ca },
    [Symbol.asyncDispose]: () => bucket[Symbol.asyncDispose](),
  }
}
