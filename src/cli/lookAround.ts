import type { Destination } from '../config/config.ts'
import type { News } from '../notify/news.ts'
import { digestAlarm, digestNews, isDigestDue } from '../runs/telling/digest.ts'
import type { Occasion } from '../runs/telling/occasion.ts'
import { isOverdue, overdueNews, type Freshness } from '../runs/telling/overdueNews.ts'
import type { DestinationStatus } from '../runs/status/destinationStatus.ts'
import { oldestPart } from '../runs/status/overdue.ts'
import type { Context } from './context.ts'
import { standings } from './standings.ts'
import { knownDestination, type Teller } from './teller.ts'

/** What a run saw by itself, before it looks at anything else. */
interface Seen {
  /** Destinations that the run made no backup to. */
  others: readonly Destination[]
  /** When the last good backup to one of them was made, as far as the run saw that. */
  lastGood?: ReadonlyMap<string, Date>
  /** When the newest good backup before the run was made. */
  previous: Date | undefined
}

/**
 * News beyond the run itself: other destinations that are overdue, and the digest. Vaults are only looked at where this
 * machine's memory suspects the one, or a new week has begun.
 */
export async function lookAround(
  context: Context,
  { config }: Teller,
  { others, lastGood, previous }: Seen,
  occasion: Occasion,
): Promise<News[]> {
  const { now, alarms } = occasion
  const suspects = others.filter((each) => {
    const known = knownDestination(config, each)
    const last = lastGood?.get(each.name) ?? known.lastGood
    return last && isOverdue({ ...known, destination: each.name, lastGood: last }, now)
  })
  const wantsDigest = config.notify.some(({ type, on }) => type !== 'healthchecks' && on.includes('digest'))
  const isDue = wantsDigest && isDigestDue(alarms.get(digestAlarm), previous, now)
  if (suspects.length === 0 && !isDue) return []
  const all = await standings(context, config, isDue ? config.destinations : suspects, now)
  const late = all.filter(({ destination }) => suspects.some(({ name }) => name === destination))
  const digest = isDue && all.length > 0 ? [digestNews(all, occasion)] : []
  return [...overdueNews(late.map(freshnessOf), occasion), ...digest]
}

/** What a status says of the age of a backup. */
export function freshnessOf(status: DestinationStatus): Freshness {
  const { destination, lastGood, expectEveryMs, problems } = status
  const unreachable = problems.find(({ kind }) => kind === 'unreachable')?.message
  return { destination, lastGood: lastGood && oldestPart(lastGood), expectEveryMs, unreachable }
}
