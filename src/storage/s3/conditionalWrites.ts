import { CompleteMultipartUploadCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { AccessDeniedError, ObjectExistsError, StorageError } from '../errors.ts'
import { defaultRetryPolicy } from '../retry.ts'
import type { CallOptions } from '../storage.ts'
import type { TrialStep, TrialVerdict } from '../trial.ts'
import { bodyWithChecksum, checksumOf } from './body.ts'
import type { S3Bucket } from './bucket.ts'
import { MultipartUpload } from './multipart.ts'
import type { S3Setup } from './setup.ts'

type Heeded = S3Setup['conditionalWrites']

const bytes = Buffer.from('x')
const order: readonly Heeded[] = ['none', 'put', 'all']
const requests: Record<Heeded, string> = {
  all: 'every create',
  put: 'small creates, and not on those in parts',
  none: 'no create',
}

/** Whether `If-None-Match: *` is heeded where the configuration says so. */
export async function tryConditionalWrites(
  bucket: S3Bucket,
  { key, call }: Parameters<TrialStep['try']>[0],
): Promise<TrialVerdict> {
  const own = key('condition')
  await putFirst(bucket, own, call)
  const byPut = await isRefused(put(bucket, own, { IfNoneMatch: '*' }, call))
  const byComplete = byPut && (await isRefused(complete(bucket, own, call)))
  const found = byComplete ? 'all' : byPut ? 'put' : 'none'
  const configured = bucket.setup.conditionalWrites
  const detail = `If-None-Match is heeded on ${requests[found]}`
  if (found === configured) {
    if (found === 'all') return { result: 'good', detail }
    const remedy = 'Back up to it from one machine only, and keep old versions.'
    return { result: 'weak', detail: `${detail}: existing objects are refused by looking first`, remedy }
  }
  const isWorse = order.indexOf(found) < order.indexOf(configured)
  return { result: isWorse ? 'bad' : 'weak', detail, remedy: `Set conditionalWrites: ${found}.` }
}

/** There are bucket policies, and docs/destinations/s3.md has one, that let nobody create without the condition. */
async function putFirst(bucket: S3Bucket, key: string, options: CallOptions): Promise<void> {
  try {
    await put(bucket, key, {}, options)
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) throw error
    await put(bucket, key, { IfNoneMatch: '*' }, options)
  }
}

async function put(
  bucket: S3Bucket,
  key: string,
  condition: { IfNoneMatch?: '*' },
  options: CallOptions,
): Promise<void> {
  const command = new PutObjectCommand({
    ...bucket.at(key),
    ...bodyWithChecksum(bytes, checksumOf(bytes, bucket.setup.checksum)),
    ...condition,
  })
  await bucket.call({ key, ...options }, (send) => bucket.client.send(command, send))
}

async function complete(bucket: S3Bucket, key: string, options: CallOptions): Promise<void> {
  const upload = await MultipartUpload.begin(bucket, key, defaultRetryPolicy, { kind: 'index', ...options })
  try {
    const part = await upload.send(1, bytes, options)
    const command = new CompleteMultipartUploadCommand({
      ...bucket.at(key),
      UploadId: upload.id,
      MultipartUpload: { Parts: [part] },
      IfNoneMatch: '*',
    })
    await bucket.call({ key, ...options }, (send) => bucket.client.send(command, send))
  } catch (error) {
    await upload.abortAfter(error)
    throw error
  }
}

/** Whether a create is refused because the object exists. One that is refused for its header is not. */
async function isRefused(creating: Promise<void>): Promise<boolean> {
  try {
    await creating
    return false
  } catch (error) {
    if (error instanceof ObjectExistsError) return true
    if (error instanceof StorageError && !error.transient) return false
    throw error
  }
}
