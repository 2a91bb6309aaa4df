import { HeadObjectCommand } from '@aws-sdk/client-s3'
import type { CallOptions } from '../storage.ts'
import { trialPrefix } from '../trial.ts'
import type { S3Bucket } from './bucket.ts'
import { listObjects } from './list.ts'

export interface Lock {
  key: string
  mode: string
  until: Date
}

/** An object's lock; undefined when it has none, or these credentials may not see it (`s3:GetObjectRetention`). */
export async function lockOf(
  bucket: S3Bucket,
  key: string,
  { signal }: CallOptions,
): Promise<Lock | undefined> {
  const command = new HeadObjectCommand(bucket.at(key))
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = await bucket.call(
    { key, signal },
    (send) => bucket.client.send(command, send),
  )
  return mode && until && { key, mode, until }
}

/**
 * The lock that ends first, as far as the object tells that was stored first. Takes a request for every 1,000 objects
 * of the vault.
 */
export async function earliestLock(bucket: S3Bucket, { signal }: CallOptions): Promise<Lock | undefined> {
  let first: { key: string; stored: Date } | undefined
  for await (const { key, stored } of listObjects(bucket, '', { signal })) {
    if (stored === undefined || key.startsWith(trialPrefix)) continue
    if (first === undefined || stored < first.stored) first = { key, stored }
  }
  return first && (await lockOf(bucket, first.key, { signal }))
}
