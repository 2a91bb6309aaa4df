import { sum, type Amount } from './amounts.ts'

/** Something that came to lie in a vault. */
export interface Addition {
  at: Date
  amount: Amount
}

/** What came in so many days, up to now. */
export interface Growth {
  days: number
  amount: Amount
}

const dayMs = 24 * 3600 * 1000
/** The longest time that is looked back on: a year has its seasons. */
const longest = 365
/** In a shorter time, one holiday would be taken for the rule. */
const shortest = 7

/**
 * How much comes in.
 * @param first when the vault had everything first: what came until then took years to come to be.
 * @returns undefined when that is not known yet.
 */
export function growthOf(
  additions: readonly Addition[],
  first: Date | undefined,
  now: Date,
): Growth | undefined {
  const from = Math.max(first?.getTime() ?? Infinity, now.getTime() - longest * dayMs)
  const days = (now.getTime() - from) / dayMs
  if (!(days >= shortest)) return undefined
  const amounts = additions.filter(({ at }) => at.getTime() > from).map(({ amount }) => amount)
  return { days, amount: sum(...amounts) }
}
