/* What things cost, in US dollars before taxes. docs/costs.md has the formulas, and an example for each provider. */
import type { ClassPrices } from '../../storage/prices/priceList.ts'
import type { Tariff } from '../../storage/prices/tariff.ts'
import { sum, type Amount, smallSize } from './amounts.ts'
import type { Requests } from './requests.ts'

/** What lies in a vault, or comes to lie there. */
export interface VaultAmounts {
  /** Contents and packs, in the configured class. */
  content: Amount
  /** Manifests, records and dumps, in the usual class. */
  index: Amount
}

/** Requests, by the class of the objects that they are about. */
export interface VaultRequests {
  content: Requests
  index: Requests
}

const daysInMonth = 30

/** Of storing these amounts for a month. */
export function monthlyCost(tariff: Tariff, { content, index }: VaultAmounts): number {
  if (tariff.content === tariff.index) return classMonth(tariff, tariff.content, sum(content, index))
  return classMonth(tariff, tariff.content, content) + classMonth(tariff, tariff.index, index)
}

function classMonth(tariff: Tariff, prices: ClassPrices, amount: Amount): number {
  const gigabytes = billedBytes(prices, amount) / tariff.gigabyte
  const billed = Math.max(prices.minimumStorage, gigabytes - prices.freeStorage, 0)
  const besides = (amount.objects * prices.usualOverhead) / tariff.gigabyte
  return billed * prices.storage + besides * tariff.index.storage
}

function billedBytes({ minimumObject, overhead }: ClassPrices, { objects, bytes, small }: Amount): number {
  const filling = minimumObject < smallSize ? 0 : small.objects * minimumObject - small.bytes
  return bytes + filling + objects * overhead
}

/** Of what contents are billed for at least, once they are stored, however soon they are deleted. */
export function committedCost(tariff: Tariff, content: Amount): number {
  const { content: prices, gigabyte, index } = tariff
  const gigabytes = billedBytes(prices, content) / gigabyte
  const besides = (content.objects * prices.usualOverhead) / gigabyte
  const months = prices.minimumDays / daysInMonth
  return months * (gigabytes * prices.storage + besides * index.storage)
}

/** Of these requests, in a month that has no others. */
export function requestCost(tariff: Tariff, { content, index }: VaultRequests): number {
  if (tariff.content === tariff.index) {
    const prices = tariff.content
    return classRequests(prices, prices, [content, index])
  }
  return (
    classRequests(tariff.content, tariff.index, [content]) +
    classRequests(tariff.index, tariff.index, [index])
  )
}

/** @param usual what listings cost, whatever is listed. */
function classRequests(prices: ClassPrices, usual: ClassPrices, all: readonly Requests[]): number {
  let creating = 0
  let reading = 0
  let creates = 0
  let reads = 0
  for (const { puts, parts, gets, lists } of all) {
    creating += puts * prices.put + parts * prices.part + lists * usual.put
    creates += puts + parts + lists
    reading += gets * prices.get
    reads += gets
  }
  return (
    (creating * billedShare(creates, prices.freePuts) + reading * billedShare(reads, prices.freeGets)) / 1000
  )
}

function billedShare(requests: number, free: number): number {
  return requests <= free ? 0 : (requests - free) / requests
}
