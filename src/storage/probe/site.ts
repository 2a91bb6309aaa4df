import { randomBytes } from 'node:crypto'
import type { CallOptions, Storage } from '../storage.ts'
import { trialPrefix, type TrialResult } from '../trial.ts'

/** A destination under trial, and what the steps of a probe share. */
export interface Site {
  readonly storage: Storage
  readonly call: CallOptions
  readonly now: () => Date
  /** Milliseconds since any one moment. */
  readonly clock: () => number
  /** A key of this probe's own. What is stored under it is removed at the end, where that is allowed. */
  readonly key: (name: string) => string
  /** Every key that was given out. */
  readonly keys: ReadonlySet<string>
  /** Set by the steps that find them out; those after them build on it. */
  readonly found: Found
}

export interface Found {
  /** An object of several parts that the probe stored, and its bytes. */
  large?: { key: string; bytes: Buffer }
  /** Bytes per second, as measured with that object. */
  up?: number
  down?: number
  removing?: TrialResult
  replacing?: TrialResult
}

export function newSite(
  storage: Storage,
  options: { now: () => Date; clock: () => number; signal: AbortSignal | undefined },
): Site {
  const base = `${trialPrefix}${timeText(options.now())}-${randomBytes(4).toString('hex')}`
  const keys = new Set<string>()
  return {
    storage,
    call: { signal: options.signal },
    now: options.now,
    clock: options.clock,
    keys,
    found: {},
    key: (name) => {
      const key = `${base}-${name}`
      keys.add(key)
      return key
    },
  }
}

/** When the probe began to which a key belongs; undefined for a key that is no probe's. */
export function trialTime(key: string): Date | undefined {
  const [, y, mo, d, h, mi, s] = /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(key) ?? []
  if (s === undefined || !key.startsWith(trialPrefix)) return undefined
  return new Date(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`)
}

function timeText(time: Date): string {
  return time.toISOString().replaceAll(/[-:]|\.\d+/g, '')
}
