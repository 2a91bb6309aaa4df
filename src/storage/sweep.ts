import { AccessDeniedError } from './errors.ts'
import type { Leftover } from './leftovers.ts'
import { trialTime } from './probe/site.ts'
import type { CallOptions, Storage } from './storage.ts'
import { trialPrefix } from './trial.ts'

/**
 * A backup goes on with an interrupted upload for so long. The note that tells it how is stored before the upload's
 * first byte, and expires as soon: so no live note refers to an upload that is older.
 */
export const sweepAfterMs = 7 * 24 * 3_600_000

/** What a sweep came to. */
export interface Swept {
  removed: number
  /** Bytes that this freed, as far as the storage tells. */
  bytes: number
  /** Those that are too young. */
  kept: number
  /** These credentials may not remove them. */
  refused: boolean
}

/**
 * Removes what uploads left behind that never ended, and what probes left behind that could not delete, once it is a
 * week old by the storage's own clock, if it tells one. No object of a vault is ever removed.
 */
export async function sweep(
  storage: Storage,
  { now, ...call }: CallOptions & { now: () => Date },
): Promise<Swept> {
  const time = (await storage.trial?.clock(call)) ?? now()
  const isOld = (begun: Date): boolean => time.getTime() - begun.getTime() > sweepAfterMs
  const swept: Swept = { removed: 0, bytes: 0, kept: 0, refused: false }
  for (const leftover of await Array.fromAsync(storage.leftovers?.list(call) ?? [])) {
    if (!isOld(leftover.time)) swept.kept += 1
    else if (await isRemoved(storage, leftover, call)) count(swept, leftover.size)
    else swept.refused = true
  }
  if (storage.trial === undefined) return swept
  for (const { key, size } of await Array.fromAsync(storage.list(trialPrefix, call))) {
    const begun = trialTime(key)
    if (begun === undefined || !isOld(begun)) continue
    if ((await storage.trial.remove(key, call)) === 'refused') swept.refused = true
    else count(swept, size)
  }
  return swept
}

function count(swept: Swept, size: number | undefined): void {
  swept.removed += 1
  swept.bytes += size ?? 0
}

async function isRemoved(storage: Storage, leftover: Leftover, call: CallOptions): Promise<boolean> {
  try {
    await storage.leftovers?.remove(leftover, call)
    return true
  } catch (error) {
    if (error instanceof AccessDeniedError) return false
    throw error
  }
}
