import { HeadObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3'
import { isKey } from '../keys.ts'
import type { CallOptions } from '../storage.ts'
import { trialPrefix } from '../trial.ts'
import type { S3Bucket } from './bucket.ts'

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
  const { client, name, prefix } = bucket
  const input = { Bucket: name, Prefix: prefix }
  const pages = paginateListObjectsV2({ client }, input, signal && { abortSignal: signal })
  let first: { key: string; stored: Date } | undefined
  for (;;) {
    const page = await bucket.call({ key: 'the listing', signal }, () => pages.next())
    if (page.done) return first && (await lockOf(bucket, first.key, { signal }))
    for (const { Key = '', LastModified: stored } of page.value.Contents ?? []) {
      const key = Key.slice(prefix.length)
      if (stored === undefined || !isKey(key) || key.startsWith(trialPrefix)) continue
      if (first === undefined || stored < first.stored) first = { key, stored }
    }
  }
}
