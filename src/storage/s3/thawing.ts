import { HeadObjectCommand, RestoreObjectCommand, type Tier } from '@aws-sdk/client-s3'
import { StorageError } from '../errors.ts'
import { assertKey } from '../keys.ts'
import { thawOffers } from '../prices/lists.ts'
import type { Temperature, Thawing, ThawOffer, ThawTier } from '../thawing.ts'
import type { CallOptions } from '../storage.ts'
import type { S3Bucket } from './bucket.ts'

const tiers: Record<ThawTier, Tier> = { bulk: 'Bulk', standard: 'Standard', expedited: 'Expedited' }

export class S3Thawing implements Thawing {
  readonly offers: readonly ThawOffer[]
  readonly #bucket: S3Bucket

  constructor(bucket: S3Bucket) {
    this.offers = thawOffers('aws', bucket.setup.region)
    this.#bucket = bucket
  }

  async temperature(key: string, { signal }: CallOptions): Promise<Temperature> {
    assertKey(key)
    const command = new HeadObjectCommand(this.#bucket.at(key))
    const { StorageClass: storageClass = 'STANDARD', Restore: restore } = await this.#bucket.call(
      { key, signal },
      (send) => this.#bucket.client.send(command, send),
    )
    if (!this.#bucket.setup.frozenClasses.includes(storageClass)) return { state: 'readable' }
    return temperatureBy(restore, storageClass)
  }

  async thaw(key: string, tier: ThawTier, { days, signal }: CallOptions & { days: number }): Promise<void> {
    const temperature = await this.temperature(key, { signal })
    if (temperature.state !== 'frozen') return
    const { storageClass } = temperature
    if (!this.offers.some((offer) => offer.storageClass === storageClass && offer.tier === tier)) {
      throw new StorageError(`${key} can't be thawed ${tier}: ${storageClass} does not have that`, {
        transient: false,
        hint: 'Take another tier.',
      })
    }
    const command = new RestoreObjectCommand({
      ...this.#bucket.at(key),
      RestoreRequest: { Days: days, GlacierJobParameters: { Tier: tiers[tier] } },
    })
    try {
      await this.#bucket.call({ key, signal }, (send) => this.#bucket.client.send(command, send))
    } catch (error) {
      if (!isAlreadyThawing(error)) throw error
    }
  }
}

/** @param restore the `x-amz-restore` header: `ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"`. */
export function temperatureBy(restore: string | undefined, storageClass: string): Temperature {
  if (restore === undefined) return { state: 'frozen', storageClass }
  if (!restore.includes('ongoing-request="false"')) return { state: 'thawing', storageClass }
  const expiry = Date.parse(/expiry-date="([^"]*)"/.exec(restore)?.[1] ?? '')
  return { state: 'thawed', until: Number.isNaN(expiry) ? undefined : new Date(expiry) }
}

function isAlreadyThawing(error: unknown): boolean {
  if (!(error instanceof StorageError) || !(error.cause instanceof Error)) return false
  return (
    error.cause.name === 'RestoreAlreadyInProgress' || error.cause.name === 'ObjectAlreadyInActiveTierError'
  )
}
