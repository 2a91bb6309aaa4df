import { randomUUID } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { S3Options } from '../../src/storage/options.ts'
import type { S3Server } from './ceph.ts'

/** A client that talks to the server directly, past the program's own storage. */
export function s3Client(server: S3Server): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = server
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  })
}

/** Options that open a bucket of the server as the program's storage. */
export function storageOptions(server: S3Server, bucket: string, prefix = ''): S3Options {
  const { endpoint, region, accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  return { type: 's3', bucket, prefix, endpoint, region, forcePathStyle: true, credentials }
}

export interface TestBucket extends AsyncDisposable {
  name: string
}

/**
 * Makes an empty bucket. Disposing of it removes it with all that it holds, what is locked in governance mode included.
 * @param options.keeps `versions`: what is deleted or replaced; `locks`: versions, and Object Lock may be used.
 */
export async function createBucket(
  server: S3Server,
  { keeps }: { keeps?: 'versions' | 'locks' } = {},
): Promise<TestBucket> {
  const name = `test-${randomUUID()}`
  const client = s3Client(server)
  await client.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: keeps === 'locks' }))
  if (keeps === 'versions') {
    const enabled = { Bucket: name, VersioningConfiguration: { Status: 'Enabled' } } as const
    await client.send(new PutBucketVersioningCommand(enabled))
  }
  return {
    name,
    async [Symbol.asyncDispose]() {
      await client.send(new DeleteBucketPolicyCommand({ Bucket: name }))
      await emptyBucket(client, name)
      await client.send(new DeleteBucketCommand({ Bucket: name }))
      client.destroy()
    },
  }
}

async function emptyBucket(client: S3Client, bucket: string): Promise<void> {
  for (;;) {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
    if (Uploads.length === 0) break
    await Promise.all(
      Uploads.map(({ Key, UploadId }) =>
        client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId })),
      ),
    )
  }
  for (;;) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }))
    const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
      Key,
      VersionId,
    }))
    if (Objects.length === 0) return
    const { Errors: [failed] = [] } = await client.send(
      new DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Objects, Quiet: true },
        BypassGovernanceRetention: true,
      }),
    )
    if (failed) throw new Error(`the bucket of a test keeps ${failed.Key}: ${failed.Code}`)
  }
}
