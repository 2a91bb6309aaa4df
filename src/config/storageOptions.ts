import type { BackendOptions, StorageOptions } from '../storage/options.ts'
import type { Destination } from './config.ts'
import { driveOptions } from './destinations/drive.ts'
import { gcsOptions } from './destinations/gcs.ts'
import { localOptions } from './destinations/local.ts'
import { rcloneOptions } from './destinations/rclone.ts'
import { s3Options } from './destinations/s3.ts'
import { sftpOptions } from './destinations/sftp.ts'
import { limitsOf, type LimitSettings } from './limits.ts'

/**
 * How to open a destination's storage, credentials included.
 * @param common the limits that all destinations keep together; the destination's own come on top.
 * @param state the folder for what this machine remembers, for a storage that has something to.
 * @throws UserError when the reference to a credential leads nowhere.
 */
export function storageOptions(
  destination: Destination,
  common: LimitSettings | undefined,
  state?: string,
): StorageOptions {
  const limits = [common, destination.limits].filter((each) => each !== undefined).map(limitsOf)
  return { ...backendOptions(destination, state), ...(limits.length > 0 && { limits }) }
}

function backendOptions(destination: Destination, state: string | undefined): BackendOptions {
  switch (destination.type) {
    case 'local':
      return localOptions(destination)
    case 's3':
      return s3Options(destination)
    case 'sftp':
      return sftpOptions(destination)
    case 'gcs':
      return gcsOptions(destination)
    case 'drive':
      return driveOptions(destination, state)
    case 'rclone':
      return rcloneOptions(destination)
  }
}
