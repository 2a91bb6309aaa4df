import type { StorageOptions } from '../storage/options.ts'
import type { Destination } from './config.ts'
import { localOptions } from './destinations/local.ts'
import { s3Options } from './destinations/s3.ts'

/**
 * How to open a destination's storage, credentials included.
 * @throws UserError when the reference to a credential leads nowhere.
 */
export function storageOptions(destination: Destination): StorageOptions {
  switch (destination.type) {
    case 'local':
      return localOptions(destination)
    case 's3':
      return s3Options(destination)
  }
}
