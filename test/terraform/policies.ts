/* What the provider makes of the module for S3: policy documents, and the rules of the bucket. */
import type { LifecycleRule } from '@aws-sdk/client-s3'
import * as z from 'zod'
import type { Statement } from './iam.ts'
import { Module } from './module.ts'

const everybody = z.tuple([z.strictObject({ type: z.literal('*'), identifiers: z.tuple([z.literal('*')]) })])
// Strict: a field that is not known here could change what a policy means.
const statement = z.strictObject({
  sid: z.string(),
  effect: z.enum(['Allow', 'Deny']).default('Allow'),
  actions: z.array(z.string()),
  resources: z.array(z.string()),
  principals: everybody.optional(),
  condition: z
    .array(z.strictObject({ test: z.string(), variable: z.string(), values: z.array(z.string()) }))
    .default([]),
})
const document = z.strictObject({ statement: z.array(statement) })

export interface Policies {
  /** Of the bucket, for everybody. */
  bucket: Statement[]
  backup: Statement[]
  verify: Statement[]
  restore: Statement[]
}

/** The policies of the module for S3, for a bucket with a vault below `immich`. */
export async function s3Policies(bucket: string): Promise<Policies> {
  const module = await Module.read('s3', {
    'var.prefix': 'immich',
    'aws_s3_bucket.vault.arn': `arn:aws:s3:::${bucket}`,
  })
  const documents = module.data('aws_iam_policy_document')
  const policy = (name: string): Statement[] =>
    document.parse(documents.get(name)).statement.map((block) => statementOf(module, block))
  return {
    bucket: policy('bucket'),
    backup: policy('backup'),
    verify: policy('verify'),
    restore: policy('restore'),
  }
}

function statementOf(
  module: Module,
  { sid, effect, actions, resources, principals, condition }: z.infer<typeof statement>,
): Statement {
  const Condition: Statement['Condition'] = {}
  for (const { test, variable, values } of condition) {
    Condition[test] = { ...Condition[test], [variable]: values }
  }
  return {
    Sid: sid,
    Effect: effect,
    ...(principals && { Principal: '*' }),
    Action: actions,
    Resource: module.texts(resources),
    Condition,
  }
}

const rule = z.strictObject({
  id: z.string(),
  status: z.literal('Enabled'),
  filter: z.tuple([z.strictObject({ prefix: z.string() })]),
  expiration: z.tuple([z.strictObject({ days: z.int() })]).optional(),
  noncurrent_version_expiration: z.tuple([z.strictObject({ noncurrent_days: z.int() })]).optional(),
  abort_incomplete_multipart_upload: z.tuple([z.strictObject({ days_after_initiation: z.int() })]).optional(),
})

/** The lifecycle rules of the same bucket, as S3 takes them. */
export async function s3LifecycleRules(): Promise<LifecycleRule[]> {
  const module = await Module.read('s3', { 'var.prefix': 'immich' })
  const found = module.resources('aws_s3_bucket_lifecycle_configuration').get('vault')?.['rule']
  return z
    .array(rule)
    .parse(found)
    .map(({ id, status, filter: [{ prefix }], ...then }) => {
      const [expiration] = then.expiration ?? []
      const [noncurrent] = then.noncurrent_version_expiration ?? []
      const [abort] = then.abort_incomplete_multipart_upload ?? []
      return {
        ID: id,
        Status: status,
        Filter: { Prefix: module.text(prefix) },
        ...(expiration && { Expiration: { Days: expiration.days } }),
        ...(noncurrent && { NoncurrentVersionExpiration: { NoncurrentDays: noncurrent.noncurrent_days } }),
        ...(abort && {
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: abort.days_after_initiation },
        }),
      }
    })
}
