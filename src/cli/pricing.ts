import type { Config } from '../config/config.ts'
import { findDestination } from '../config/destination.ts'
import { ownPrices, pricedPlace } from '../config/prices.ts'
import { tariffOf, type Tariff } from '../storage/prices/tariff.ts'
import { bandwidthOf, type Bandwidth } from './bandwidth.ts'

/** What forecasts for a destination are made with. */
export interface Pricing {
  /** Undefined where nothing says what the destination costs. */
  tariff: Tariff | undefined
  /** How fast it is restored from. @param measured bytes a second, where a verification told. */
  bandwidth: (measured: number | undefined) => Bandwidth
}

/** What a destination costs, by its name, and how fast it is restored from. */
export function pricingOf(config: Config): (destination: string) => Pricing {
  const own = ownPrices(config)
  return (name) => {
    const destination = findDestination(config, name)
    return {
      tariff: tariffOf(pricedPlace(destination), own),
      bandwidth: (measured) => bandwidthOf([config.limits, destination.limits], measured),
    }
  }
}
