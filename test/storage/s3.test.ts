import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { openS3 } from '../../src/storage/s3.ts'
import { createBucket, s3Client, storageOptions } from '../support/bucket.ts'
import { s3Server } from '../support/s3Server.ts'
import { conformance } from './conformance.ts'

const server = await s3Server()
const client = s3Client(server)

conformance('S3 storage', async () => {
  const bucket = await createBucket(server)
  const options = storageOptions(server, bucket.name, 'a prefix/of it')
  const storage = openS3(options)
  return {
    storage,
    reopen: async () => openS3(options),
    leftovers: async () => {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket.name }))
      return Uploads.map(({ Key }) => Key ?? '')
    },
    async [Symbol.asyncDispose]() {
      await storage.close()
      await bucket[Symbol.asyncDispose]()
    },
  }
})
