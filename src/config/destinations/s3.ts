import * as z from 'zod'
import { s3Providers, type S3Options } from '../../storage/options.ts'
import { everyDestination, httpUrl, prefix, secretReference, text } from '../fields.ts'
import type { Resolved } from '../secret.ts'

export const s3Destination = z.strictObject({
  ...everyDestination,
  type: z.literal('s3'),
  provider: z.enum(s3Providers).default('aws'),
  bucket: text,
  prefix,
  region: text.optional(),
  accountId: text.optional(),
  endpoint: httpUrl.optional(),
  forcePathStyle: z.boolean().optional(),
  conditionalWrites: z.enum(['all', 'put', 'none']).optional(),
  checksum: z.enum(['sha256', 'md5']).optional(),
  storageClass: text.optional(),
  lock: z
    .strictObject({
      mode: z.enum(['governance', 'compliance']),
      days: z.int().min(1, 'is 1 or more').max(36_500, 'is a hundred years at most'),
    })
    .optional(),
  encryption: z.union([z.literal('s3'), z.strictObject({ kmsKeyId: text })]).optional(),
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
  const { name: _name, vault: _vault, limits: _limits, credentials, ...options } = destination
  return {
    ...options,
    credentials: credentials && {
      accessKeyId: credentials.accessKeyId.reveal(),
      secretAccessKey: credentials.secretAccessKey.reveal(),
      sessionToken: credentials.sessionToken?.reveal(),
    },
  }
}
