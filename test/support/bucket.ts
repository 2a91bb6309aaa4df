import { randomUUID } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
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

/** Makes an empty bucket. Disposing of it removes it with all that it holds. */
export async function createBucket(server: S3Server): Promise<TestBucket> {
  const name = `test-${randomUUID()}`
  const client = s3Client(server)
  await client.send(new CreateBucketCommand({ Bucket: name }))
  return {
    name,
    async [Symbol.asyncDispose]() {
      await emptyBucket(client, name)
      await client.send(new DeleteBucketCommand({ Bucket: name }))
      client.destroy()
    },
  }
}

async function emptyBucket(client: S3Client, bucket: string): Promise<void> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  for (const { Key, UploadId } of Uploads) {
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }))
  }
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    if (Contents.length === 0) continue
    const Objects = Contents.map(({ Key }) => ({ Key }))
    await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }))
  }
}
