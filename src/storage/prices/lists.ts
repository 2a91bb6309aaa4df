import type { ThawOffer } from '../thawing.ts'
import aws from './aws.json' with { type: 'json' }
import b2 from './b2.json' with { type: 'json' }
import gcs from './gcs.json' with { type: 'json' }
import type { PriceList } from './priceList.ts'
import r2 from './r2.json' with { type: 'json' }
import wasabi from './wasabi.json' with { type: 'json' }

/** The price lists of all providers that have one here. A test holds the files to their type. */
export const priceLists = [aws, gcs, b2, r2, wasabi] as readonly PriceList[]

/** What thawing takes and costs at a provider. @param region the first one that is listed stands for any other. */
export function thawOffers(provider: string, region: string): ThawOffer[] {
  const { regions = {} } = priceLists.find((list) => list.provider === provider) ?? {}
  const [usual] = Object.values(regions)
  const classes = { ...usual?.classes, ...regions[region]?.classes }
  return Object.entries(classes).flatMap(([storageClass, { thaw = [] }]) =>
    thaw.map((offer) => ({ storageClass, ...offer })),
  )
}
