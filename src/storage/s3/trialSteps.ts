/* What a probe tries on S3 alone: whether the server keeps to its provider's dialect. */
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { AccessDeniedError, StorageError } from '../errors.ts'
import { defaultRetryPolicy } from '../retry.ts'
import type { TrialStep, TrialVerdict } from '../trial.ts'
import { bodyWithChecksum, checksumOf } from './body.ts'
import type { S3Bucket } from './bucket.ts'
import { tryConditionalWrites } from './conditionalWrites.ts'
import { onlyCreating } from './creating.ts'
import { httpStatus } from './errors.ts'
import { dayOf, firstLockVerdict, firstStored, lockOf } from './lock.ts'
import { MultipartUpload } from './multipart.ts'
import { isHeldPart } from './resumable.ts'

const names = { sha256: 'SHA-256', md5: 'MD5' }

type Site = Parameters<TrialStep['try']>[0]

/** @param locked whether new objects are to be locked. */
export function trialSteps(bucket: S3Bucket, locked: boolean): readonly TrialStep[] {
  const steps: TrialStep[] = [
    { what: 'conditional writes', try: (site) => tryConditionalWrites(bucket, site) },
    { what: 'checksums', try: (site) => tryChecksum(bucket, site) },
    { what: 'resuming', try: (site) => tryResuming(bucket, site) },
  ]
  if (locked) steps.push({ what: 'object lock', try: (site) => tryLock(bucket, site) })
  return steps
}

/** Whether bytes are refused that are not those of their checksum. */
async function tryChecksum(bucket: S3Bucket, { key, call }: Site): Promise<TrialVerdict> {
  const own = key('altered')
  const { checksum } = bucket.setup
  const command = new PutObjectCommand({
    ...bucket.at(own),
    ...(await onlyCreating(bucket, own, 'put', call)),
    ...bodyWithChecksum(Buffer.from('altered'), checksumOf(Buffer.from('as sent'), checksum)),
  })
  try {
    await bucket.call({ key: own, ...call }, (send) => bucket.client.send(command, send))
  } catch (error) {
    // What a server says of a bad request; a broken connection, for example, says nothing of checksums.
    const isBadRequest = error instanceof StorageError && httpStatus(error.cause) === 400
    if (!isBadRequest) throw error
    return { result: 'good', detail: `bytes that do not fit their ${names[checksum]} are refused` }
  }
  return {
    result: 'weak',
    detail: `bytes were stored that do not fit their ${names[checksum]}`,
    remedy: 'What is altered on the way in is noticed by a verification only: verify what was stored.',
  }
}

/** Whether another process could go on with a large upload, and clean up after it. */
async function tryResuming(bucket: S3Bucket, { key, call }: Site): Promise<TrialVerdict> {
  const options = { kind: 'index', ...call } as const
  const upload = await MultipartUpload.begin(bucket, key('parts'), defaultRetryPolicy, options)
  const bytes = Buffer.from('a part')
  try {
    await upload.send(1, bytes, call)
    const held = (await upload.held(call))?.get(1)
    if (held !== undefined && isHeldPart(bytes, held)) {
      return { result: 'good', detail: 'an interrupted upload can go on' }
    }
    return { result: 'weak', detail: 'parts of an interrupted upload are not known again: it begins anew' }
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) throw error
    return {
      result: 'weak',
      detail: 'these credentials may not list the parts of an interrupted upload: it begins anew',
      remedy: 'Allow s3:ListMultipartUploadParts.',
    }
  } finally {
    await abortIfAllowed(upload)
  }
}

async function abortIfAllowed(upload: MultipartUpload): Promise<void> {
  try {
    await upload.abort()
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) throw error
  }
}

/** Whether new objects are locked, and when the first lock of the vault ends. */
async function tryLock(bucket: S3Bucket, { key, call }: Site): Promise<TrialVerdict> {
  const own = key('locked')
  const bytes = Buffer.from('locked')
  const command = new PutObjectCommand({
    ...bucket.creating(own, 'index'),
    ...(await onlyCreating(bucket, own, 'put', call)),
    ...bodyWithChecksum(bytes, checksumOf(bytes, bucket.setup.checksum)),
  })
  await bucket.call({ key: own, ...call }, (send) => bucket.client.send(command, send))
  const lock = await lockOf(bucket, own, call)
  if (lock === undefined) {
    return {
      result: 'unknown',
      detail: 'whether objects are locked can not be seen',
      remedy: 'Allow s3:GetObjectRetention.',
    }
  }
  const detail = `new objects are locked until ${dayOf(lock.until)} (${lock.mode.toLowerCase()})`
  const first = await firstStored(bucket, call)
  if (first === undefined) return { result: 'good', detail }
  const verdict = firstLockVerdict(await lockOf(bucket, first, call), new Date())
  return { ...verdict, detail: `${detail}; ${verdict.detail}` }
}
