import type { Tariff } from '../../storage/prices/tariff.ts'
import { scaled, sum, type Amount } from './amounts.ts'
import { committedCost, monthlyCost, requestCost, type VaultAmounts } from './cost.ts'
import type { Growth } from './growth.ts'
import { countRequests, sumRequests } from './requests.ts'
import { restoreCosts, type RestoreCost } from './restoreCost.ts'
import type { Survey } from './survey.ts'

/** What is to come, in US dollars before taxes. */
export interface Forecast {
  /** Of the run. */
  run: { requests: number; cost: number }
  /** Of storing everything for a month, once the run is done. */
  month: { bytes: number; cost: number }
  /** The same in a year, if it goes on growing as it did. */
  year: { bytes: number; cost: number } | undefined
  /** What the run stores is billed for so many days, however soon it is deleted; undefined where there is no such rule. */
  committed: { days: number; cost: number } | undefined
  /** Of a whole restore, the cheapest way first. */
  restore: { bytes: number; downloadSeconds: number; ways: RestoreCost[] }
}

/** @param bytesPerSecond how fast a restore downloads. */
export function forecast(tariff: Tariff, survey: Omit<Survey, 'readRate'>, bytesPerSecond: number): Forecast {
  const { stored, added, requests, restored, growth } = survey
  const after = { content: sum(stored.content, added.content), index: sum(stored.index, added.index) }
  const inYear = growth && {
    content: grown(after.content, growth.content),
    index: grown(after.index, growth.index),
  }
  const { minimumDays } = tariff.content
  return {
    run: {
      requests: countRequests(sumRequests(requests.content, requests.index)),
      cost: requestCost(tariff, requests),
    },
    month: month(tariff, after),
    year: inYear && month(tariff, inYear),
    committed:
      minimumDays > 0 ? { days: minimumDays, cost: committedCost(tariff, added.content) } : undefined,
    restore: {
      bytes: restored.bytes,
      downloadSeconds: restored.bytes / bytesPerSecond,
      ways: restoreCosts(tariff, restored, after.content.bytes + after.index.bytes),
    },
  }
}

function month(tariff: Tariff, amounts: VaultAmounts): { bytes: number; cost: number } {
  return { bytes: amounts.content.bytes + amounts.index.bytes, cost: monthlyCost(tariff, amounts) }
}

function grown(amount: Amount, { days, amount: came }: Growth): Amount {
  return sum(amount, scaled(came, 365 / days))
}
