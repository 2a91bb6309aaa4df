import {
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { AccessDeniedError, StorageError } from '../errors.ts'
import type { CallOptions } from '../storage.ts'
import { assertTrialKey, type Trial, type TrialResult, type TrialStep } from '../trial.ts'
import { bodyWithChecksum, checksumOf } from './body.ts'
import type { S3Bucket } from './bucket.ts'
import { serverTime } from './clock.ts'
import { trialSteps } from './trialSteps.ts'

/** What the credentials may do beyond the contract, and how the bucket is set up. */
export class S3Trial implements Trial {
  readonly steps: readonly TrialStep[]
  readonly #bucket: S3Bucket

  constructor(bucket: S3Bucket) {
    this.#bucket = bucket
    this.steps = trialSteps(bucket, bucket.locks)
  }

  /** In a bucket that keeps versions, a plain delete only puts a marker on top: the version itself is tried first. */
  async remove(key: string, { signal }: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    const about = { key, signal }
    const version = await this.#versionOf(key, { signal })
    if (version !== undefined) {
      const destroy = new DeleteObjectCommand({ ...this.#bucket.at(key), VersionId: version })
      const destroyed = await unlessDenied(() =>
        this.#bucket.call(about, (send) => this.#bucket.client.send(destroy, send)),
      )
      if (destroyed) return 'allowed'
    }
    const command = new DeleteObjectCommand(this.#bucket.at(key))
    const deleted = await unlessDenied(() =>
      this.#bucket.call(about, (send) => this.#bucket.client.send(command, send)),
    )
    return deleted ? resultFor(deleted) : 'refused'
  }

  async overwrite(key: string, bytes: Uint8Array, { signal }: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    const command = new PutObjectCommand({
      ...this.#bucket.creating(key, 'index'),
      ...bodyWithChecksum(bytes, checksumOf(bytes, this.#bucket.setup.checksum)),
    })
    const put = await unlessDenied(() =>
      this.#bucket.call({ key, signal }, (send) => this.#bucket.client.send(command, send)),
    )
    return put ? resultFor(put) : 'refused'
  }

  async clock(options: CallOptions): Promise<Date | undefined> {
    return await serverTime(this.#bucket, options)
  }

  async keepsVersions({ signal }: CallOptions): Promise<boolean | undefined> {
    const command = new GetBucketVersioningCommand({ Bucket: this.#bucket.name })
    try {
      const { Status } = await this.#bucket.call({ key: 'its settings', signal }, (send) =>
        this.#bucket.client.send(command, send),
      )
      return Status === 'Enabled'
    } catch (error) {
      const isUnknownThere = error instanceof StorageError && !error.transient
      if (isUnknownThere || error instanceof AccessDeniedError) return undefined
      throw error
    }
  }

  async #versionOf(key: string, { signal }: CallOptions): Promise<string | undefined> {
    const command = new HeadObjectCommand(this.#bucket.at(key))
    const found = await unlessDenied(() =>
      this.#bucket.call({ key, signal }, (send) => this.#bucket.client.send(command, send)),
    )
    return found?.VersionId
  }
}

/** Where versions are kept, the answer names the new one: a marker, or what was put on top. */
function resultFor({ VersionId: version }: { VersionId?: string | undefined }): TrialResult {
  return version === undefined || version === 'null' ? 'allowed' : 'hidden'
}

async function unlessDenied<T>(attempt: () => Promise<T>): Promise<T | undefined> {
  try {
    return await attempt()
  } catch (error) {
    if (error instanceof AccessDeniedError) return undefined
    throw error
  }
}
