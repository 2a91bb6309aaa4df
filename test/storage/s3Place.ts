import { HeadObjectCommand, PutBucketPolicyCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import type { S3Options } from '../../src/storage/options.ts'
import { openS3 } from '../../src/storage/s3/s3.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { trialPrefix, type TrialVerdict } from '../../src/storage/trial.ts'
import { createBucket, s3Client, storageOptions } from '../support/bucket.ts'
import type { S3Server } from '../support/ceph.ts'

export interface Setting {
  keeps?: 'versions' | 'locks'
  /** What nobody may do with the objects of the bucket. */
  denied?: string[]
  configured?: Partial<S3Options>
}

/** A storage in a bucket that is set up so. */
export async function s3Place(server: S3Server, { keeps, denied = [], configured }: Setting = {}) {
  await using stack = new AsyncDisposableStack()
  const client = s3Client(server)
  stack.defer(() => client.destroy())
  const { name } = stack.use(await createBucket(server, keeps && { keeps }))
  if (denied.length > 0) {
    const Resource = [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`]
    const Statement = [{ Effect: 'Deny', Principal: '*', Action: denied, Resource }]
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
    await client.send(new PutBucketPolicyCommand({ Bucket: name, Policy }))
  }
  const options = { ...storageOptions(server, name, 'p'), ...configured }
  const storage = openS3(options)
  stack.defer(() => storage.close())
  const { trial, leftovers, resumable } = storage
  if (!trial || !leftovers || !resumable) throw new Error('the storage lacks what it has to have')
  const owned = stack.move()
  return {
    name,
    options,
    storage,
    trial,
    leftovers,
    resumable,
    head: async (key: string): Promise<HeadObjectCommandOutput> =>
      await client.send(new HeadObjectCommand({ Bucket: name, Key: `p/${key}` })),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** What the step of that name in the storage's own part of a probe says. */
export async function verdict(storage: Storage, what: string): Promise<TrialVerdict | undefined> {
  const step = storage.trial?.steps?.find((step) => step.what === what)
  return await step?.try({ key: (name) => `${trialPrefix}${name}`, call: {} })
}
