import { UserError } from '../../shared/errors.ts'
import type { S3Options } from '../options.ts'
import { dialects, type Dialect } from './dialects.ts'

/** How a bucket is reached, and what it can do: the provider's dialect with the configured fields in place of its own. */
export interface S3Setup extends Omit<Dialect, 'endpoint' | 'needs'> {
  /** Undefined: AWS, by its region. */
  endpoint: string | undefined
}

/** @throws UserError when something is missing, or asked for that the provider does not have. */
export function s3Setup(options: S3Options): S3Setup {
  const { provider = 'aws', lock, encryption, storageClass } = options
  const { needs, endpoint, ...dialect } = dialects[provider]
  // An account is for the endpoint alone; a region is signed, too.
  const given = needs === 'accountId' ? (options.accountId ?? options.endpoint) : needs && options[needs]
  if (needs !== undefined && given === undefined) {
    throw new UserError(`the provider ${provider} needs ${needs}`, {
      hint: `Set ${needs} for the bucket ${options.bucket}.`,
    })
  }
  const { storageClasses } = dialect
  if (storageClass !== undefined && storageClasses?.includes(storageClass) === false) {
    throw lacks(provider, `storage class ${storageClass}`, `It has ${storageClasses.join(', ')}.`)
  }
  if (lock && !dialect.lock) throw lacks(provider, 'Object Lock', 'Take the field lock out.')
  const wanted = typeof encryption === 'object' ? 'kms' : encryption
  if (wanted && !dialect.encryption.includes(wanted)) {
    throw lacks(provider, `encryption with ${wanted} keys`, 'Backups are encrypted without it.')
  }
  const region = options.region ?? dialect.region
  return {
    ...dialect,
    region,
    endpoint: options.endpoint ?? endpoint?.({ region, accountId: options.accountId ?? '' }),
    pathStyle: options.forcePathStyle ?? dialect.pathStyle,
    conditionalWrites: options.conditionalWrites ?? dialect.conditionalWrites,
    checksum: options.checksum ?? dialect.checksum,
  }
}

function lacks(provider: string, what: string, hint: string): UserError {
  return new UserError(`the provider ${provider} has no ${what}`, { hint })
}
