import { AccessDeniedError } from '../errors.ts'
import type { CallOptions } from '../storage.ts'
import { assertTrialKey, refusedOrAllowed, type Trial, type TrialResult } from '../trial.ts'
import type { GcsBucket } from './bucket.ts'
import { replaceObject } from './create.ts'

interface BucketSettings {
  versioning?: { enabled?: boolean }
  /** Seconds, as a text. Google's default is a week; 0 turns it off. */
  softDeletePolicy?: { retentionDurationSeconds?: string }
}

/** What the credentials may do beyond the contract, and how the bucket is set up. */
export class GcsTrial implements Trial {
  readonly #bucket: GcsBucket

  constructor(bucket: GcsBucket) {
    this.#bucket = bucket
  }

  async remove(key: string, { signal }: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    return await refusedOrAllowed(this.#delete(key, { signal }))
  }

  async overwrite(key: string, bytes: Uint8Array, { signal }: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    return await refusedOrAllowed(replaceObject(this.#bucket, key, bytes, { kind: 'index', signal }))
  }

  async clock(options: CallOptions): Promise<Date | undefined> {
    return await this.#bucket.date({ key: 'the time', ...options })
  }

  /** Soft deletion counts: it keeps what was deleted or replaced, if only for so long. */
  async keepsVersions({ signal }: CallOptions): Promise<boolean | undefined> {
    const url = this.#bucket.bucketUrl({ fields: 'versioning,softDeletePolicy' })
    try {
      const settings = await this.#bucket.json<BucketSettings>(
        { key: 'its settings', signal },
        { method: 'GET', url },
      )
      const softSeconds = Number(settings.softDeletePolicy?.retentionDurationSeconds ?? 0)
      return settings.versioning?.enabled === true || softSeconds > 0
    } catch (error) {
      if (error instanceof AccessDeniedError) return undefined
      throw error
    }
  }

  async #delete(key: string, { signal }: CallOptions): Promise<void> {
    const request = { method: 'DELETE', url: this.#bucket.objectUrl(key, {}) } as const
    const answer = await this.#bucket.send({ key, signal }, request)
    answer.resume()
  }
}
