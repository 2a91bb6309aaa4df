import { randomUUID } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { s3Client } from './bucket.ts'
import type { S3Server } from './ceph.ts'

export interface S3User {
  /** The server as this user reaches it. */
  server: S3Server
  /** What policies call the user. */
  arn: string
}

/**
 * Makes a user who owns nothing and may do what policies allow.
 * https://docs.ceph.com/en/latest/radosgw/adminops/#create-user
 */
export async function createS3User(server: S3Server): Promise<S3User> {
  const uid = `user-${randomUUID()}`
  const secretAccessKey = randomUUID()
  const keys = { 'access-key': uid, 'secret-key': secretAccessKey }
  const client = s3Client(server)
  // The API for admins is signed as S3 is, and lies where a bucket of that name would.
  const command = new PutObjectCommand({ Bucket: 'admin', Key: 'user', ContentLength: 0 })
  command.middlewareStack.add(
    (next) => async (args) => {
      Object.assign((args.request as { query: object }).query, { uid, 'display-name': uid, ...keys })
      return await next(args)
    },
    { step: 'build', name: 'asAdmin' },
  )
  await client.send(command)
  client.destroy()
  return { server: { ...server, accessKeyId: uid, secretAccessKey }, arn: `arn:aws:iam:::user/${uid}` }
}
