import type { Config } from '../config/config.ts'
import { digestAlarm, digestNews, isDigestDue } from '../runs/telling/digest.ts'
import { overdueNews } from '../runs/telling/overdueNews.ts'
import type { OverallStatus } from '../runs/status/overallStatus.ts'
import type { Context } from './context.ts'
import { freshnessOf } from './lookAround.ts'
import { Teller } from './teller.ts'

/** Tells the owner's channels which destinations are overdue, and each week how all of them stand. */
export async function tellStatus(
  context: Context,
  config: Config,
  { destinations, now }: OverallStatus,
): Promise<void> {
  const teller = new Teller(context, config)
  const occasion = await teller.occasion(now)
  const fresh = destinations.map(freshnessOf)
  const times = fresh.flatMap(({ lastGood }) => lastGood ?? [])
  const [previous] = times.sort((a, b) => b.getTime() - a.getTime())
  const isDue = isDigestDue(occasion.alarms.get(digestAlarm), previous, now)
  await teller.tell([...overdueNews(fresh, occasion), ...(isDue ? [digestNews(destinations, occasion)] : [])])
}
