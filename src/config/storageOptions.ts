import type { StorageOptions } from '../storage/open.ts'
import type { Destination, S3Credentials } from './config.ts'

/**
 * How to open a destination's storage, credentials included.
 * @throws UserError when the reference to a credential leads nowhere.
 */
export function storageOptions(destination: Destination): StorageOptions {
  if (destination.type === 'local') return { type: 'local', path: destination.path }
  const { bucket, prefix, region, endpoint, forcePathStyle, storageClass, credentials } = destination
  return {
    type: 's3',
    bucket,
    prefix,
    region,
    endpoint,
    forcePathStyle,
    storageClass,
    credentials: credentials && revealed(credentials),
  }
}

function revealed({ accessKeyId, secretAccessKey, sessionToken }: S3Credentials) {
  return {
    accessKeyId: accessKeyId.reveal(),
    secretAccessKey: secretAccessKey.reveal(),
    sessionToken: sessionToken?.reveal(),
  }
}
