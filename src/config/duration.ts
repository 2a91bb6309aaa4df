import * as z from 'zod'

const units: Readonly<Record<string, number>> = {
  min: 60_000,
  h: 3_600_000,
  d: 24 * 3_600_000,
  w: 7 * 24 * 3_600_000,
}

/** Milliseconds of `90min`, `26h`, `2d` or `1w`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^([1-9]\d{0,4}) ?(min|h|d|w)$/.exec(text) ?? []
  const ms = Number(digits) * (units[unit] ?? 0)
  return ms === 0 ? undefined : ms
}

/** A length of time. */
export const duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'has a form like 90min, 26h, 2d or 1w')
