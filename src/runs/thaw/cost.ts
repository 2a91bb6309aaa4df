import { thawTiers, type ThawOffer, type ThawTier } from '../../storage/thawing.ts'
import type { FrozenObjects } from './frozenObjects.ts'

/** What thawing all of some objects takes in one tier. */
export interface ThawCost {
  tier: ThawTier
  hours: number
  /** US dollars, by the provider's list; traffic out of the cloud comes on top. */
  dollars: number
}

/** Thawed objects can be read for so many days, as copies that are billed beside them. */
export const daysReadable = 7

const gigabyte = 1024 ** 3

/** What thawing would cost in each tier that every class concerned has. */
export function thawCosts(
  { classes }: Pick<FrozenObjects, 'classes'>,
  offers: readonly ThawOffer[],
): ThawCost[] {
  return thawTiers.flatMap((tier) => {
    let hours = 0
    let dollars = 0
    for (const [storageClass, { objects, bytes }] of classes) {
      const offer = offers.find((one) => one.storageClass === storageClass && one.tier === tier)
      if (!offer) return []
      hours = Math.max(hours, offer.hours)
      dollars += (bytes / gigabyte) * offer.perGigabyte + (objects / 1000) * offer.perThousand
    }
    return [{ tier, hours, dollars }]
  })
}
