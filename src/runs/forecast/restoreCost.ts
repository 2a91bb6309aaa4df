import type { ThawTier } from '../../storage/thawing.ts'
import type { Tariff } from '../../storage/prices/tariff.ts'
import { daysReadable, thawCosts } from '../thaw/cost.ts'
import type { Amount } from './amounts.ts'
import { requestCost } from './cost.ts'
import { noRequests } from './requests.ts'

/** What restoring takes and costs, in US dollars, in one way of thawing. */
export interface RestoreCost {
  /** Undefined where nothing has to be thawed. */
  tier: ThawTier | undefined
  /** Until everything can be read; the download comes after. */
  thawHours: number
  /** Of having it thawed, of the thawed copies for a week, and of reading it. */
  reading: number
  /** Of the traffic out of the provider's place. */
  traffic: number
  total: number
}

const daysInMonth = 30

/**
 * What it costs to restore all of these contents, the cheapest way first.
 * @param stored bytes in the vault, on which free traffic may depend.
 */
export function restoreCosts(tariff: Tariff, { objects, bytes }: Amount, stored: number): RestoreCost[] {
  const { content: prices, index, gigabyte, egress, freeEgress, freeEgressTimes, storageClass } = tariff
  const gigabytes = bytes / gigabyte
  const isFrozen = prices.thaw.length > 0
  // A frozen object is looked at before it is read.
  const gets = { ...noRequests, gets: isFrozen ? 2 * objects : objects }
  const read = requestCost(tariff, { content: gets, index: noRequests }) + gigabytes * prices.retrieval
  const free = freeEgress + (freeEgressTimes * stored) / gigabyte
  const traffic = Math.max(0, gigabytes - free) * egress
  const way = (tier: ThawTier | undefined, thawHours: number, thawing: number): RestoreCost => ({
    tier,
    thawHours,
    reading: read + thawing,
    traffic,
    total: read + thawing + traffic,
  })
  if (!isFrozen) return [way(undefined, 0, 0)]
  const offers = prices.thaw.map((offer) => ({ storageClass, ...offer }))
  const copies = (gigabytes * index.storage * daysReadable) / daysInMonth
  const classes = new Map([[storageClass, { objects, bytes }]])
  return thawCosts({ classes }, offers)
    .map(({ tier, hours, dollars }) => way(tier, hours, dollars + copies))
    .toSorted((a, b) => a.total - b.total)
}
