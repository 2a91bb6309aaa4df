import { tariffsToCompare, type OwnPrices, type Tariff } from '../../storage/prices/tariff.ts'
import { nothing, type Amount } from './amounts.ts'
import type { VaultRequests } from './cost.ts'
import { forecast, type Forecast } from './forecast.ts'

/** What one class of one provider would cost. */
export interface Offer {
  tariff: Tariff
  forecast: Forecast
}

/** What it would cost to keep these contents in each class of each provider, the cheapest month first. */
export function compareOffers(
  { content, requests }: { content: Amount; requests: VaultRequests },
  bytesPerSecond: number,
  own: readonly OwnPrices[] = [],
): Offer[] {
  const survey = {
    stored: { content: nothing, index: nothing },
    added: { content, index: nothing },
    requests,
    restored: content,
    growth: undefined,
  }
  return tariffsToCompare(own)
    .map((tariff) => ({ tariff, forecast: forecast(tariff, survey, bytesPerSecond) }))
    .toSorted((a, b) => a.forecast.month.cost - b.forecast.month.cost)
}
