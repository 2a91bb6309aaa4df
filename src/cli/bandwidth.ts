import { parseRate, type LimitSettings } from '../config/limits.ts'
import { formatRate } from '../shared/format.ts'

/** How fast a restore is taken to download. */
export interface Bandwidth {
  bytesPerSecond: number
  /** For people: what it is, and why. */
  text: string
}

/** 100 Mbit/s: for whoever says nothing. */
const usual = 12_500_000

/** The rate that all of these limits allow, or a usual one where they allow any. */
export function bandwidthOf(limits: readonly (LimitSettings | undefined)[]): Bandwidth {
  const rates = limits.map((each) => parseRate(each?.download ?? 'unlimited') ?? Infinity)
  const slowest = Math.min(...rates)
  if (slowest === Infinity) {
    return { bytesPerSecond: usual, text: '100 Mbit/s (assumed)' }
  }
  return { bytesPerSecond: slowest, text: `${formatRate(slowest)} (limits.download)` }
}
