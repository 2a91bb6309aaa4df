import type { Alarm } from '../../notify/alarms.ts'
import type { EventOf } from '../../notify/event.ts'
import type { News } from '../../notify/news.ts'
import { formatCount } from '../../shared/format.ts'
import type { RecentCoverage } from '../status/coverage.ts'
import type { DestinationStatus } from '../status/destinationStatus.ts'
import { recentDays } from '../verify/population.ts'
import type { Occasion } from './occasion.ts'
import { snapshotFacts } from './toldEnd.ts'

/** Under this name is remembered when the last one was told. */
export const digestAlarm = 'digest'

/**
 * Whether a week has begun since the last digest. A machine that remembers none goes by the newest backup before this
 * one: the first of a week tells.
 */
export function isDigestDue(before: Alarm | undefined, previous: Date | undefined, now: Date): boolean {
  const last = before?.told ?? previous
  return last !== undefined && weekOf(last) < weekOf(now)
}

/** How all destinations stand. */
export function digestNews(all: readonly DestinationStatus[], { host, now, alarms }: Occasion): News {
  const event: EventOf<'digest'> = { kind: 'digest', host, now, destinations: all.map(standing) }
  const note = {
    alarm: digestAlarm,
    told: { since: now, told: now, what: digestAlarm },
    untold: alarms.get(digestAlarm),
  }
  return { event, notes: [note] }
}

function standing({ destination, lastGood, problems, verification }: DestinationStatus) {
  return {
    destination,
    snapshot: lastGood && snapshotFacts(lastGood),
    isSeen: problems.every(({ kind }) => kind !== 'unreachable'),
    problems: problems.filter(({ severity }) => severity !== 'note').map(({ message }) => message),
    coverage: verification?.coverage && coverageText(verification.coverage),
  }
}

function coverageText({ objects, read }: RecentCoverage): string | undefined {
  if (objects === 0) return undefined
  return `${formatCount(Math.floor((100 * read) / objects))} % of all objects were read back within ${recentDays} days`
}

/** Weeks since 1970, which begin on Monday in UTC. The first of January 1970 was a Thursday. */
function weekOf(time: Date): number {
  const day = 24 * 3600 * 1000
  return Math.floor((time.getTime() / day + 3) / 7)
}
