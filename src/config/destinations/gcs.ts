import * as z from 'zod'
import type { GcsOptions } from '../../storage/options.ts'
import type { Environment } from '../environment.ts'
import { everyDestination, httpUrl, prefix, secretReference, text } from '../fields.ts'
import { resolveSecret, type Resolved, type Secret } from '../secret.ts'

export const gcsDestination = z.strictObject({
  ...everyDestination,
  type: z.literal('gcs'),
  // Empty: a variable has to name it. checks.ts wants one of the two.
  bucket: text.default(''),
  prefix,
  endpoint: httpUrl.optional(),
  storageClass: z.enum(['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE']).optional(),
  credentials: secretReference.optional(),
})

export type GcsDestination = Resolved<z.infer<typeof gcsDestination>>

/** A value that a variable of the older set-up gives to a field that the file leaves out. */
interface FromVariable<T> {
  value: T
  variable: string
}

/** The bucket that `GCS_BUCKET` names. */
export function bucketVariable(environment: Environment): FromVariable<string> | undefined {
  const value = environment.get('GCS_BUCKET')
  return value === undefined ? undefined : { value, variable: 'GCS_BUCKET' }
}

/**
 * The credentials that `GCS_CREDENTIALS` holds or names, else those of `GOOGLE_APPLICATION_CREDENTIALS` in a `.env` file.
 * One that is really set is left to Google's client, which looks for it by itself.
 * @param folder what a path in one of them is relative to.
 */
export function credentialsVariable(
  environment: Environment,
  folder: string,
): FromVariable<Secret> | undefined {
  const found = (variable: string, reference: string) => {
    const value = resolveSecret(reference, { environment, folder }, environment.originOf(variable))
    return { value, variable }
  }
  const own = environment.get('GCS_CREDENTIALS')
  if (own?.trimStart().startsWith('{')) return found('GCS_CREDENTIALS', 'env:GCS_CREDENTIALS')
  if (own !== undefined) return found('GCS_CREDENTIALS', `file:${own}`)
  const usual = environment.getFromFile('GOOGLE_APPLICATION_CREDENTIALS')
  return usual === undefined ? undefined : found('GOOGLE_APPLICATION_CREDENTIALS', `file:${usual}`)
}

export function gcsOptions(destination: GcsDestination): GcsOptions {
  const { bucket, prefix, endpoint, storageClass, credentials } = destination
  return { type: 'gcs', bucket, prefix, endpoint, storageClass, credentials: credentials?.reveal() }
}
