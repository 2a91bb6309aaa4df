import * as z from 'zod'
import type { S3Options } from '../../storage/options.ts'
import { everyDestination, httpUrl, prefix, secretReference, text } from '../fields.ts'
import type { Resolved } from '../secret.ts'

export const s3Destination = z.strictObject({
  ...everyDestination,
  type: z.literal('s3'),
  bucket: text,
  prefix,
  region: text.default('us-east-1'),
  endpoint: httpUrl.optional(),
  forcePathStyle: z.boolean().default(false),
  storageClass: text.optional(),
  credentials: z
    .strictObject({
      accessKeyId: secretReference,
      secretAccessKey: secretReference,
      sessionToken: secretReference.optional(),
    })
    .optional(),
})

export type S3Destination = Resolved<z.infer<typeof s3Destination>>

export function s3Options(destination: S3Destination): S3Options {
  const { bucket, prefix, region, endpoint, forcePathStyle, storageClass, credentials } = destination
  return {
    type: 's3',
    bucket,
    prefix,
    region,
    endpoint,
    forcePathStyle,
    storageClass,
    credentials: credentials && {
      accessKeyId: credentials.accessKeyId.reveal(),
      secretAccessKey: credentials.secretAccessKey.reveal(),
      sessionToken: credentials.sessionToken?.reveal(),
    },
  }
}
