import * as z from 'zod'
import { sharedLimits, type Limits } from '../storage/limits/limits.ts'
import type { Rate } from '../storage/limits/rate.ts'

const unlimited = 'unlimited'
/** Below this, connections would look broken to a server, and no upload would end. */
const slowest = 32_000

const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
}

/** Bytes per second of `10MB/s`, `1.5MiB/s`, `20Mbit/s` or `unlimited`; undefined for anything else. */
export function parseRate(text: string): number | undefined {
  if (text === unlimited) return Infinity
  const [, digits = '', unit = '', what] =
    /^(\d{1,9}(?:\.\d{1,9})?) ?(|k|M|G|Ki|Mi|Gi)(B|bit)\/s$/.exec(text) ?? []
  if (what === undefined) return undefined
  return (Number(digits) * (units[unit] ?? Number.NaN)) / (what === 'bit' ? 8 : 1)
}

/** Minutes after midnight of `08:00`; undefined for anything that is no time from `00:00` to `24:00`. */
export function parseTimeOfDay(text: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]|24(?=:00)):([0-5]\d)$/.exec(text) ?? []
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes)
}

const rate = z
  .string()
  .refine((text) => parseRate(text) !== undefined, {
    error: 'has a form like 10MB/s, 1.5MiB/s or 20Mbit/s, or is unlimited',
    abort: true,
  })
  .refine((text) => (parseRate(text) ?? 0) >= slowest, 'is less than 32kB/s: no upload would ever end')

const timeOfDay = z
  .string()
  .refine((text) => parseTimeOfDay(text) !== undefined, 'is a time of the day from 00:00 to 24:00')

const hours = z
  .strictObject({ from: timeOfDay, to: timeOfDay, upload: rate.optional(), download: rate.optional() })
  .refine(({ from, to }) => from !== to, { path: ['to'], error: 'is the same as from: no time lies between' })

/** What backups may take of the link and of a server. */
export const limits = z.strictObject({
  upload: rate.optional(),
  download: rate.optional(),
  hours: z.array(hours).default([]),
  concurrency: z.int().min(1, 'is 1 or more').optional(),
  requestsPerSecond: z.number().min(1, 'is 1 or more').optional(),
})

export type LimitSettings = z.infer<typeof limits>

/** What is written once is kept to once, by all storages of this process together. */
const shared = new WeakMap<LimitSettings, SharedArrayBuffer>()

/** Limits as storages want them. The same settings give limits that are shared. */
export function limitsOf(settings: LimitSettings): Limits {
  const memory = shared.get(settings) ?? sharedLimits()
  shared.set(settings, memory)
  return {
    upload: rateOf(settings, 'upload'),
    download: rateOf(settings, 'download'),
    concurrency: settings.concurrency ?? Infinity,
    requestsPerSecond: settings.requestsPerSecond ?? Infinity,
    shared: memory,
  }
}

/** Hours that say nothing of this direction leave it as usual. */
function rateOf(settings: LimitSettings, direction: 'upload' | 'download'): Rate {
  const bytes = (text: string | undefined): number => parseRate(text ?? unlimited) ?? Infinity
  return {
    usual: bytes(settings[direction]),
    hours: settings.hours
      .filter((each) => each[direction] !== undefined)
      .map((each) => ({
        from: parseTimeOfDay(each.from) ?? 0,
        to: parseTimeOfDay(each.to) ?? 0,
        rate: bytes(each[direction]),
      })),
  }
}
