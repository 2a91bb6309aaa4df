import { sweepAfterMs } from '../sweep.ts'
import type { TrialVerdict } from '../trial.ts'
import type { Site } from './site.ts'

const day = 24 * 3_600_000

/** What uploads left behind that never ended. */
export async function lookForLeftovers({ storage, now, call }: Site): Promise<TrialVerdict> {
  const { leftovers } = storage
  if (leftovers === undefined)
    return { result: 'unknown', detail: 'interrupted uploads can not be seen here' }
  let count = 0
  let bytes = 0
  let oldest = now().getTime()
  for await (const { size, time } of leftovers.list(call)) {
    count += 1
    bytes += size ?? 0
    oldest = Math.min(oldest, time.getTime())
  }
  if (count === 0) return { result: 'good', detail: 'no interrupted uploads' }
  const age = now().getTime() - oldest
  const size = bytes > 0 ? `, ${(bytes / 1e6).toFixed(1)} MB` : ''
  const detail = `interrupted uploads: ${count}${size}, the oldest from ${Math.floor(age / day)} days ago`
  if (age <= sweepAfterMs) return { result: 'good', detail: `${detail}; the next backup may go on with them` }
  const sweep = 'Run `safelight check --sweep` with credentials that may delete.'
  return { result: 'weak', detail, remedy: [leftovers.rule, sweep].filter(Boolean).join(' Or: ') }
}
