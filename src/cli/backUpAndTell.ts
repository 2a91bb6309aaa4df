import type { Config } from '../config/config.ts'
import { backupInJobs, sourcesOf } from '../runs/backup/backupInJobs.ts'
import { exitCodeOf } from '../runs/backup/exitCode.ts'
import type { BackupDestination, BackupEnd, BackupPlan } from '../runs/backup/plan.ts'
import { exitCodes } from '../shared/errors.ts'
import { thisMachine } from '../state/liveness.ts'
import { openState, type State } from '../state/state.ts'
import { recordName } from '../vault/snapshots.ts'
import type { Context } from './context.ts'
import { progressLine } from './output/backupProgress.ts'
import { BackupStory } from './output/backupStory.ts'
import { StoryFile, type StoryTeller } from './output/story.ts'

/** Upper bound of the wait before a destination is tried again for the first time. */
const firstDelayMs = 30_000

/** What a backup is made of. */
interface Ingredients {
  plan: Omit<BackupPlan, 'onProgress' | 'onEnd' | 'signal'>
  targets: readonly BackupDestination[]
  force: boolean
}

/** Takes a backup; tells of it at the terminal or to a log, and in the story file; keeps account of it for other commands. */
export async function backUpAndTell(
  { output, signal }: Context,
  config: Config,
  { plan, targets, force }: Ingredients,
): Promise<BackupEnd[]> {
  const { now, program, part } = plan
  using state = openState(config.state, now())
  using file = new StoryFile(config.state, now, (text) => output.warn(text))
  const log = output.toLog ? await openLog(output, now) : undefined
  const story = new BackupStory((line) => {
    file.tell(line)
    if (log) log(line)
    else if (line.aloud) output[line.level === 'info' ? 'note' : 'warn'](line.text)
  }, now())
  using progress = output.startProgress({ sparse: !log })
  const destinations = targets.map(({ name }) => name)
  story.begin({ program, destinations, sources: sourcesOf(plan), part })
  if (state.setAside) story.warn(lossOf(state.setAside))
  try {
    const ends = await backupInJobs(
      {
        ...plan,
        signal,
        onProgress: (state) => {
          progress.update(progressLine(state))
          story.progress(state)
        },
        onEnd: (end) => {
          story.end(end)
          if (!log && targets.length > 1 && !signal.aborted) tellEnd(output, end)
        },
      },
      targets,
      {
        state,
        here: thisMachine(),
        pid: process.pid,
        intervalMs: config.statsInterval * 1000,
        maxRetries: config.maxRetries,
        firstDelayMs,
        force,
        onTaken: (destination, interrupted) => {
          file.begin()
          if (interrupted) story.resume(destination, interrupted)
        },
        onRetry: (destination, error, retry) =>
          story.retry(destination, error, { ...retry, of: config.maxRetries }),
        onBeat: () => story.beat(),
        onTrouble: (text) => story.warn(text),
      },
    )
    const exitCode = signal.aborted ? exitCodes.cancelled : exitCodeOf(ends)
    story.over(exitCode, now())
    if (exitCode !== exitCodes.locked) file.begin()
    return ends
  } catch (error) {
    story.fail(error)
    file.begin()
    throw error
  }
}

function lossOf({ file, reason }: NonNullable<State['setAside']>): string {
  return `what this machine remembered of its runs can't be used: ${reason}. It is ${file} now; no backup depends on it`
}

/** Imported only where it is wanted: pino takes 11 MB. */
async function openLog(output: Context['output'], now: () => Date): Promise<StoryTeller> {
  const { jsonLines } = await import('./output/jsonLines.ts')
  return jsonLines((text) => output.line(text), now)
}

/** One of several has its end: the others may take hours. */
function tellEnd(output: Context['output'], { destination, result, error }: BackupEnd): void {
  if (result) {
    if (result.snapshot) output.note(`${destination}: snapshot ${recordName(result.snapshot.record)}`)
    return
  }
  output.warn(`destination ${destination} failed`)
  output.fail(error)
}
