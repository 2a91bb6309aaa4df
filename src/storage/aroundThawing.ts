import type { CallOptions } from './storage.ts'
import type { Thawing } from './thawing.ts'

/** Makes one call about a frozen object. */
type AroundCall = <T>(call: () => Promise<T>, options: CallOptions) => Promise<T>

/** The same thawing, with each of its calls made by `around`. */
export function aroundThawing(inner: Thawing, around: AroundCall): Thawing {
  return {
    offers: inner.offers,
    temperature: async (key, options) =>
      await around(async () => await inner.temperature(key, options), options),
    thaw: async (key, tier, options) =>
      await around(async () => await inner.thaw(key, tier, options), options),
  }
}
