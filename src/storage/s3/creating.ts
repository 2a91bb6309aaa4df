/* What a request carries that creates an object. */
import {
  HeadObjectCommand,
  type ObjectLockMode,
  type ServerSideEncryption,
  type StorageClass,
} from '@aws-sdk/client-s3'
import { ObjectExistsError, ObjectMissingError } from '../errors.ts'
import type { S3Options } from '../options.ts'
import type { CallOptions, ObjectKind } from '../storage.ts'
import type { S3Bucket } from './bucket.ts'

const dayMs = 24 * 60 * 60 * 1000

/** Storage class, lock and encryption of a new object: contents alone go into the configured class. */
export function attributesOf(
  kind: ObjectKind,
  { storageClass, lock, encryption }: Pick<S3Options, 'storageClass' | 'lock' | 'encryption'>,
) {
  return {
    ...(kind === 'content' && storageClass && { StorageClass: storageClass as StorageClass }),
    ...(lock && {
      ObjectLockMode: lock.mode.toUpperCase() as ObjectLockMode,
      ObjectLockRetainUntilDate: new Date(Date.now() + lock.days * dayMs),
    }),
    ...(encryption && encryptionWith(encryption)),
  }
}

function encryptionWith(encryption: NonNullable<S3Options['encryption']>) {
  if (encryption === 's3') return { ServerSideEncryption: 'AES256' as ServerSideEncryption }
  return { ServerSideEncryption: 'aws:kms' as ServerSideEncryption, SSEKMSKeyId: encryption.kmsKeyId }
}

/**
 * What keeps a request from replacing an object: the condition, where the server heeds it. Elsewhere a look beforehand,
 * which misses whoever writes at that very moment.
 * @throws ObjectExistsError when that look finds one.
 */
export async function onlyCreating(
  bucket: S3Bucket,
  key: string,
  request: 'put' | 'complete',
  { signal }: CallOptions,
): Promise<{ IfNoneMatch?: '*' }> {
  const { conditionalWrites } = bucket.setup
  if (conditionalWrites === 'all' || conditionalWrites === request) return { IfNoneMatch: '*' }
  if (await exists(bucket, key, { signal })) throw new ObjectExistsError(key)
  return {}
}

export async function exists(bucket: S3Bucket, key: string, { signal }: CallOptions): Promise<boolean> {
  try {
    const command = new HeadObjectCommand(bucket.at(key))
    await bucket.call({ key, signal }, (send) => bucket.client.send(command, send))
    return true
  } catch (error) {
    if (error instanceof ObjectMissingError) return false
    throw error
  }
}
