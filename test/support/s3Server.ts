import { inject } from 'vitest'
import type { S3Server } from './ceph.ts'

/**
 * The S3 server of this vitest run, started by the first test that asks.
 * @throws Error with what the machine lacks, so that the test fails and is never passed over.
 */
export async function s3Server(): Promise<S3Server> {
  const answer = await fetch(inject('s3Door'))
  if (!answer.ok) throw new Error(`no S3 server for the tests: ${await answer.text()}`)
  return (await answer.json()) as S3Server
}
