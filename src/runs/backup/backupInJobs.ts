import { sleep } from '../../shared/abort.ts'
import { errorMessage, exitCodes, UserError, type ExitCode } from '../../shared/errors.ts'
import { lockFolder } from '../../state/folderLock.ts'
import { heldError } from '../../state/holder.ts'
import type { Machine } from '../../state/liveness.ts'
import type { Run } from '../../state/run.ts'
import type { State } from '../../state/state.ts'
import { recordName } from '../../vault/snapshots.ts'
import { databaseSource, DestinationJobs } from '../jobs/destinationJobs.ts'
import { JobKeeper } from '../jobs/jobKeeper.ts'
import { backup } from './backup.ts'
import { BackupEnds } from './backupEnds.ts'
import { codeOf, exitCodeOf } from './exitCode.ts'
import { backupPart } from './parts/backupPart.ts'
import type { BackupDestination, BackupEnd, BackupPlan } from './plan.ts'

/** How a backup is kept account of, and tried again. */
export interface Bookkeeping {
  state: State
  here: Machine
  pid: number
  /** Milliseconds between two heartbeats. */
  intervalMs: number
  /** How often a destination that failed is tried again within the run. */
  maxRetries: number
  /** Upper bound of the first wait before that; each is four times the one before. */
  firstDelayMs: number
  /** Takes a destination from a run on another machine that may be alive. */
  force: boolean
  /** A destination is this run's now. @param interrupted the last run there, if it was: this one goes on from there. */
  onTaken: (destination: string, interrupted: Run | undefined) => void
  onRetry: (destination: string, error: unknown, retry: { number: number; delayMs: number }) => void
  /** It was written down how far the run is. */
  onBeat: () => void
  /** Something could not be written down. */
  onTrouble: (message: string) => void
}

/** {@link backup}, with an account of it in the state database, and further tries for what failed and may pass. */
export async function backupInJobs(
  plan: BackupPlan,
  destinations: readonly BackupDestination[],
  book: Bookkeeping,
): Promise<BackupEnd[]> {
  const { state, here, pid, intervalMs } = book
  const sources = sourcesOf(plan)
  const named = destinations.flatMap(({ name: destination }) =>
    sources.map((source, priority) => ({ destination, source, priority })),
  )
  const run = state.beginRun({ program: plan.program, here, pid, intervalMs, jobs: named }, plan.now())
  const jobs = new Map(destinations.map(({ name }) => [name, new DestinationJobs(name, sources, plan.now)]))
  using keeper = new JobKeeper(run, [...jobs.values()], { ...book, now: plan.now })
  const stopped = (): void => {
    for (const each of jobs.values()) each.fail('INTERRUPTED', interruption)
    keeper.end('INTERRUPTED', exitCodes.cancelled)
  }
  plan.signal.addEventListener('abort', stopped, { once: true })
  try {
    const accounted = destinations.map((destination) => ({
      ...destination,
      jobs: jobs.get(destination.name),
      take: (folder: string) => takePlace(keeper, destination.name, folder, book),
    }))
    const ends = await withRetries(plan, accounted, { ...book, jobs, keeper })
    keeper.end(...stateOf(ends, plan.signal))
    return ends
  } catch (error) {
    for (const each of jobs.values()) each.fail('FAILED', errorMessage(error))
    keeper.end('FAILED', codeOf(error))
    throw error
  } finally {
    plan.signal.removeEventListener('abort', stopped)
  }
}

const interruption = 'the run was interrupted'

/** What a plan takes, by name, in the order of priority. */
export function sourcesOf({
  database,
  only,
  sources,
}: Pick<BackupPlan, 'database' | 'only' | 'sources'>): string[] {
  const folders = only === 'database' ? [] : sources.map(({ treePath }) => treePath)
  return database && only !== 'files' ? [databaseSource, ...folders] : folders
}

/** The lock first: with it, nobody under this kernel is there. */
function takePlace(
  keeper: JobKeeper,
  destination: string,
  folder: string,
  { force, onTaken }: Bookkeeping,
): Disposable {
  using stack = new DisposableStack()
  const held = (cause: unknown): Error => heldError(destination, folder, keeper.holderOf(destination), cause)
  stack.use(lockFolder(folder, held))
  onTaken(destination, keeper.take(destination, force))
  return stack.move()
}

interface Accounts extends Bookkeeping {
  jobs: ReadonlyMap<string, DestinationJobs>
  keeper: JobKeeper
}

async function withRetries(
  plan: BackupPlan,
  destinations: readonly BackupDestination[],
  accounts: Accounts,
): Promise<BackupEnd[]> {
  const ends = new BackupEnds((one) => {
    writeEnd(one, plan.signal, accounts)
    plan.onEnd?.(one)
  })
  let left = destinations
  for (let number = 1; left.length > 0; number++) {
    const again = new Map<string, unknown>()
    const onEnd = (one: BackupEnd): void => {
      const { destination, result, error } = one
      writeState(one, plan.signal, accounts)
      if (!result && number <= accounts.maxRetries && !plan.signal.aborted && mayPass(error))
        again.set(destination, error)
      else ends.tell(one)
    }
    const { part } = plan
    await (part ? backupPart({ ...plan, part, onEnd }, left) : backup({ ...plan, onEnd }, left))
    left = left.filter(({ name }) => again.has(name))
    if (left.length === 0) break
    const delayMs = accounts.firstDelayMs * 4 ** (number - 1) * (0.5 + Math.random() / 2)
    for (const [destination, error] of again) accounts.onRetry(destination, error, { number, delayMs })
    try {
      await sleep(delayMs, plan.signal)
    } catch (error) {
      for (const { name } of left) ends.tell({ destination: name, error })
      break
    }
    for (const { name } of left) accounts.jobs.get(name)?.retry()
    accounts.keeper.write()
  }
  return ends.of(destinations)
}

/** What nobody has to do anything about. */
function mayPass(error: unknown): boolean {
  return error instanceof UserError && error.temporary
}

function writeState(
  { destination, result, error }: BackupEnd,
  signal: AbortSignal,
  accounts: Accounts,
): void {
  const jobs = accounts.jobs.get(destination)
  if (result) jobs?.complete()
  else if (signal.aborted) jobs?.fail('INTERRUPTED', interruption)
  else jobs?.fail('FAILED', errorMessage(error))
  accounts.keeper.write()
}

function writeEnd(
  { destination, result, error }: BackupEnd,
  signal: AbortSignal,
  { keeper }: Accounts,
): void {
  const exitCode = result ? result.exitCode : signal.aborted ? exitCodes.cancelled : codeOf(error)
  if (exitCode === exitCodes.locked) keeper.leave(destination)
  else {
    const snapshot = result?.snapshot ? recordName(result.snapshot.record) : null
    keeper.addResult({ destination, exitCode, snapshot, error: result ? null : errorMessage(error) })
  }
}

function stateOf(
  ends: readonly BackupEnd[],
  signal: AbortSignal,
): ['COMPLETED' | 'INTERRUPTED' | 'FAILED', ExitCode] {
  if (signal.aborted) return ['INTERRUPTED', exitCodes.cancelled]
  return [ends.every(({ result }) => result) ? 'COMPLETED' : 'FAILED', exitCodeOf(ends)]
}
