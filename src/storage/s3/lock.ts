import { HeadObjectCommand } from '@aws-sdk/client-s3'
import type { CallOptions } from '../storage.ts'
import { trialPrefix, type TrialVerdict } from '../trial.ts'
import type { S3Bucket } from './bucket.ts'
import { listObjects } from './list.ts'

export interface Lock {
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
  return mode && until && { mode, until }
}

/**
 * The object of the vault that was stored first, whose lock is the first to end; undefined in an empty vault. Takes a
 * request for every 1,000 objects.
 */
export async function firstStored(bucket: S3Bucket, { signal }: CallOptions): Promise<string | undefined> {
  let first: { key: string; stored: Date } | undefined
  for await (const { key, stored } of listObjects(bucket, '', { signal })) {
    if (stored === undefined || key.startsWith(trialPrefix)) continue
    if (first === undefined || stored < first.stored) first = { key, stored }
  }
  return first?.key
}

const remedy =
  'Locks are not renewed yet: set `days` to as long as a backup is to be kept, and lock by hand what is there already.'

/** What is to be said of the lock of the object that was stored first, undefined where it has none. */
export function firstLockVerdict(lock: Pick<Lock, 'until'> | undefined, now: Date): TrialVerdict {
  if (lock === undefined) return { result: 'weak', detail: 'what was stored first is not', remedy }
  if (lock.until <= now)
    return { result: 'weak', detail: `the first lock ended ${dayOf(lock.until)}`, remedy }
  return { result: 'good', detail: `the first lock ends ${dayOf(lock.until)}` }
}

/** `2026-11-21` */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10)
}
