import { HeadBucketCommand } from '@aws-sdk/client-s3'
import { AccessDeniedError } from '../errors.ts'
import type { CallOptions } from '../storage.ts'
import type { S3Bucket } from './bucket.ts'

interface WithHeaders {
  headers?: Record<string, string>
}

/** The server's time by the `Date` of an answer, a refusal's included; undefined where it gives none. */
export async function serverTime(bucket: S3Bucket, { signal }: CallOptions): Promise<Date | undefined> {
  let answer: WithHeaders | undefined
  const command = new HeadBucketCommand({ Bucket: bucket.name })
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      answer = result.response as WithHeaders
      return result
    },
    { step: 'finalizeRequest', name: 'keepAnswer' },
  )
  try {
    await bucket.call({ key: 'the time', signal }, (send) => bucket.client.send(command, send))
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) throw error
    answer = (error.cause as { $response?: WithHeaders }).$response
  }
  const time = Date.parse(answer?.headers?.['date'] ?? '')
  return Number.isNaN(time) ? undefined : new Date(time)
}
