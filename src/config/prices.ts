import * as z from 'zod'
import type { OwnPrices, PricedPlace } from '../storage/prices/tariff.ts'
import type { Config, Destination } from './config.ts'
import { text } from './fields.ts'

const number = z.number().min(0, 'is 0 or more').optional()

/** What the owner pays, where that is not what the lists say; fields as in storage/prices/priceList.ts. */
export const prices = z.array(
  z.strictObject({
    provider: text,
    region: text.optional(),
    class: text.optional(),
    name: text.optional(),
    storage: number,
    put: number,
    part: number,
    get: number,
    retrieval: number,
    egress: number,
    freeEgress: number,
    freeEgressTimes: number,
    freeStorage: number,
    freePuts: number,
    freeGets: number,
    minimumStorage: number,
    minimumDays: number,
    minimumObject: z.literal([0, 131_072], 'is 0 or 131072').optional(),
    overhead: number,
    usualOverhead: number,
  }),
)

/** The prices of a configuration as the tariffs take them. */
export function ownPrices({ prices }: Pick<Config, 'prices'>): OwnPrices[] {
  return prices.map((each) => {
    const { provider, region, class: storageClass, egress, freeEgress, freeEgressTimes, ...others } = each
    const traffic = { egress, freeEgress, freeEgressTimes }
    return { provider, region, class: storageClass, traffic, prices: others }
  })
}

/** Where a destination stores, as far as prices go. */
export function pricedPlace(destination: Destination): PricedPlace {
  const place = {
    destination: destination.name,
    provider: undefined,
    region: undefined,
    storageClass: undefined,
  }
  if (destination.type === 'gcs') {
    return { ...place, provider: 'gcs', storageClass: destination.storageClass }
  }
  if (destination.type !== 's3') return place
  const { provider, region, storageClass } = destination
  return {
    ...place,
    provider,
    region: region ?? (provider === 'aws' ? 'us-east-1' : undefined),
    storageClass,
  }
}
