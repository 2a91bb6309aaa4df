import { join } from 'node:path'
import { atMost } from '../../shared/atMost.ts'
import { BackupEnds } from './backupEnds.ts'
import { DatabaseMoment, type DatabaseSource } from './database.ts'
import { DestinationRun } from './destinationRun.ts'
import { fetchCatalogue } from './parts/catalogue.ts'
import { catalogueOf } from './parts/join.ts'
import { openTarget, type OpenTarget } from './openTarget.ts'
import type { BackupDestination, BackupEnd, BackupPlan } from './plan.ts'
import { ProgressMeter, type BackupProgress } from './progress.ts'
import { Rounds } from './rounds.ts'
import { StoreStage } from './storeStage.ts'
import { WorkList } from './workList.ts'

/** Once one destination is open, the others have so long. Those that take longer have their turn after it. */
const openingMs = 2 * 60_000

/**
 * Takes one backup to several destinations at once: see docs/design.md, "What a backup does". Each has its own snapshot
 * and its own end; what goes wrong at one is not the others' business.
 * @returns their ends, in their order.
 */
export async function backup(
  plan: BackupPlan,
  destinations: readonly BackupDestination[],
): Promise<BackupEnd[]> {
  const ends = new BackupEnds(plan.onEnd)
  const { tell } = ends
  const progress = new ProgressMeter(plan.onProgress)
  progress.begin('opening')
  const openings = destinations.map(async (destination) => {
    try {
      return await openTarget(plan, destination)
    } catch (error) {
      tell({ destination: destination.name, error })
      return undefined
    }
  })
  const early = await openInTime(openings)
  await backUpTogether(plan, early, progress, tell)
  const open = (await Promise.all(openings)).filter((target) => target !== undefined)
  const late = open.filter((target) => !early.includes(target))
  await backUpTogether(plan, late, progress, tell)
  return ends.of(destinations)
}

/** Those that are open once nobody is waited for any longer. */
async function openInTime(openings: readonly Promise<OpenTarget | undefined>[]): Promise<OpenTarget[]> {
  const open: OpenTarget[] = []
  const each = openings.map(async (opening) => {
    const target = await opening
    if (!target) throw new Error('it could not be opened')
    open.push(target)
  })
  const all = Promise.allSettled(each)
  await Promise.any(each).catch(() => undefined)
  await atMost(openingMs, all)
  return [...open]
}

/** Backs up to destinations that go together as long as they can. */
async function backUpTogether(
  plan: BackupPlan,
  targets: readonly OpenTarget[],
  progress: ProgressMeter,
  tell: (end: BackupEnd) => void,
): Promise<void> {
  const [first] = targets
  if (!first) return
  const { sources, only, join: joining, dryRun = false, signal } = plan
  await using stack = new AsyncDisposableStack()
  for (const target of targets) stack.use(target)
  const work = stack.use(new WorkList(join(first.folder, 'work.sqlite')))
  const stage = stack.use(new StoreStage({ work, sources, progress, signal }))
  const database = only === 'files' || dryRun ? undefined : plan.database
  const catalogue = joining && catalogueOf(joining)
  if (catalogue) await fetchCatalogue(first.vault, work, catalogue, first.folder, { signal })
  const rounds = new Rounds({
    ...plan,
    dryRun,
    work,
    stage,
    progress,
    catalogued: (database ?? catalogue) !== undefined,
  })
  let going = targets.length
  const begin = (phase: BackupProgress['phase']): void => {
    // What one of several is at says little of all.
    if (going === 1) progress.begin(phase)
  }
  const runs = targets.map((target) => new DestinationRun(plan, target, { work, stage, rounds, begin }))
  if (database) {
    progress.begin('database')
    stack.use(await beginDumps(plan, database, work, runs))
  }
  await Promise.all(
    runs.map(async (run) => {
      try {
        tell({ destination: run.name, result: await run.finish() })
      } catch (error) {
        tell({ destination: run.name, error, warnings: run.unsaved })
      }
      going -= 1
    }),
  )
}

/**
 * Dumps one moment of the database for all, each at its own pace: whoever is slow is not waited for once another has its
 * dump. The transaction ends with the last dump, not with the backup.
 * @returns what waits for that.
 */
async function beginDumps(
  { sources, part, now, signal }: BackupPlan,
  database: DatabaseSource,
  work: WorkList,
  runs: readonly DestinationRun[],
): Promise<AsyncDisposable> {
  try {
    const moment = await DatabaseMoment.open(database, { work, sources, now }, signal)
    // Of the parts of a backup the first one dumps; the others only need to know what the database names.
    const dumping = part && part.index > 0 ? [] : runs
    const dumps = dumping.map(async (run) => await run.dump(moment))
    const closed = Promise.allSettled(dumps).then(async () => await moment.close())
    await Promise.any(dumps).catch(() => undefined)
    return { [Symbol.asyncDispose]: async () => await closed }
  } catch (error) {
    for (const run of runs) run.fail(error)
    return { [Symbol.asyncDispose]: async () => undefined }
  }
}
