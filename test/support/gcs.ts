import { randomUUID } from 'node:crypto'
import type { GcsOptions } from '../../src/storage/options.ts'
import type { Bucket } from '../servers/gcs/bucket.ts'
import type { GcsServer } from '../servers/gcs/server.ts'

/** An empty bucket of a name that no other test has. */
export function newBucket(server: GcsServer): Bucket {
  return server.createBucket(`test-${randomUUID()}`)
}

/** Options that open a bucket of the server as the program's storage. */
export function gcsOptions(server: GcsServer, { name }: { name: string }, prefix = ''): GcsOptions {
  return { type: 'gcs', bucket: name, prefix, endpoint: server.url, credentials: server.account.keyFile }
}
