import type { Destination } from '../config/config.ts'
import type { BackupEnd } from '../runs/backup/plan.ts'
import { backupNews } from '../runs/telling/backupNews.ts'
import { measuredBackup } from '../runs/telling/measured.ts'
import type { Occasion } from '../runs/telling/occasion.ts'
import { forgotten, withPresumed } from '../runs/telling/presumed.ts'
import { kindsOf, lineOf, toldEnd, type KnownDestination, type ToldEnd } from '../runs/telling/toldEnd.ts'
import type { ExitCode } from '../shared/errors.ts'
import type { Context } from './context.ts'
import { lookAround } from './lookAround.ts'
import { standings } from './standings.ts'
import { destinationsMeant, knownDestination, tellerFor, type Teller } from './teller.ts'

/**
 * Does a backup, and tells its owner's channels and metrics how it ended: also when it could not begin, because the
 * library or a secret is not there.
 * @param names of the destinations, where they were given.
 * @param work does it, and says how it ended as soon as that is known.
 */
export async function tellBackup(
  context: Context,
  names: readonly string[] | undefined,
  work: (ended: (ends: readonly BackupEnd[]) => void) => Promise<ExitCode>,
): Promise<ExitCode> {
  const teller = tellerFor(context)
  const meant = teller && destinationsMeant(teller.config, names)
  if (!meant) return await work(() => undefined)
  const known = new Map(meant.map((each) => [each.name, knownDestination(teller.config, each)]))
  let ends: readonly BackupEnd[] = []
  const began = new Date()
  await teller.unlessBroken(async () => await teller.start('backup'))
  try {
    return await work((all) => (ends = all))
  } catch (error) {
    if (ends.length === 0) ends = meant.map(({ name }) => ({ destination: name, error }))
    throw error
  } finally {
    await teller.unlessBroken(async () => await tellEnds(context, teller, toldEnds(ends, known), began))
  }
}

function toldEnds(
  ends: readonly BackupEnd[],
  known: ReadonlyMap<Destination['name'], KnownDestination>,
): ToldEnd[] {
  return ends.flatMap((end) => {
    const about = known.get(end.destination)
    return (about && toldEnd(end, about)) ?? []
  })
}

/** A run that found another one everywhere only looks whether a backup is overdue: the other one may hang, for days. */
async function tellEnds(
  context: Context,
  teller: Teller,
  ends: readonly ToldEnd[],
  began: Date,
): Promise<void> {
  if (ends.length === 0 && context.signal.aborted) return
  const { host } = teller.config
  const now = new Date()
  const news = tellNews(context, teller, ends, { now, began })
  if (ends.length === 0) return await news
  await Promise.all([
    teller.measure(ends.map((end) => measuredBackup(end, host, now))),
    teller.end('backup', kindsOf(ends), ends.map(lineOf).join('\n')),
    news,
  ])
}

async function tellNews(
  context: Context,
  teller: Teller,
  ends: readonly ToldEnd[],
  times: { now: Date; began: Date },
): Promise<void> {
  if (!teller.hasReaders) return
  const { destinations } = teller.config
  const occasion = await occasionOf(context, teller, ends, times)
  const others = destinations.filter(({ name }) => ends.every(({ destination }) => destination !== name))
  const news = await lookAround(context, teller, { others, previous: newestBefore(ends) }, occasion)
  await teller.tell([...backupNews(ends, occasion), ...news])
}

/** What is remembered; where that is nothing, what the vault tells of the runs before. */
async function occasionOf(
  context: Context,
  teller: Teller,
  ends: readonly ToldEnd[],
  { now, began }: { now: Date; began: Date },
): Promise<Occasion> {
  const { config } = teller
  const occasion = await teller.occasion(now)
  const failed = forgotten(ends, occasion)
  if (failed.length === 0) return occasion
  const meant = config.destinations.filter(({ name }) => failed.some((end) => end.destination === name))
  return withPresumed(occasion, failed, await standings(context, config, meant, now), began)
}

/** When the newest good backup before this one was made, of the destinations that have a new one. */
function newestBefore(ends: readonly ToldEnd[]): Date | undefined {
  const times = ends.flatMap((end) => (end.outcome === 'made' ? (end.previous ?? []) : []))
  return times.sort((a, b) => b.getTime() - a.getTime())[0]
}
