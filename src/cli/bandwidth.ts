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

/**
 * What a restore can count on: what all of these limits allow, and no more than what was measured; a usual rate where
 * neither says anything.
 * @param measured bytes a second.
 */
export function bandwidthOf(limits: readonly (LimitSettings | undefined)[], measured = Infinity): Bandwidth {
  const rates = limits.map((each) => parseRate(each?.download ?? 'unlimited') ?? Infinity)
  const allowed = Math.min(...rates)
  if (measured < allowed) return { bytesPerSecond: measured, text: `${formatRate(measured)} (measured)` }
  if (allowed < Infinity) return { bytesPerSecond: allowed, text: `${formatRate(allowed)} (limits.download)` }
  return { bytesPerSecond: usual, text: '100 Mbit/s (assumed)' }
}
