import type { Part } from '../../runs/backup/parts/part.ts'
import type { BackupEnd } from '../../runs/backup/plan.ts'
import type { BackupProgress } from '../../runs/backup/progress.ts'
import { formatBytes, formatCount, formatDuration, formatNumberOf, formatTime } from '../../shared/format.ts'
import { exitCodes } from '../../shared/errors.ts'
import type { Run } from '../../state/run.ts'
import { phases } from './backupProgress.ts'
import { backupDocument, backupSummary } from './backupSummary.ts'
import { describeError } from './errors.ts'
import type { StoryTeller } from './story.ts'

interface Retry {
  number: number
  of: number
  delayMs: number
}

interface BeginFacts {
  program: string
  destinations: readonly string[]
  sources: readonly string[]
  part?: Part | undefined
}

/** Tells what happens in a backup, as it happens. */
export class BackupStory {
  readonly #tell: StoryTeller
  readonly #started: Date
  #progress: BackupProgress | undefined

  constructor(tell: StoryTeller, started: Date) {
    this.#tell = tell
    this.#started = started
  }

  begin(facts: BeginFacts): void {
    const { program, destinations, sources, part } = facts
    const share = part ? `, part ${part.index} of ${part.of} of ${part.job}` : ''
    const text = `backup begins${share}: ${sources.join(', ')} to ${destinations.join(', ')}, by ${program}`
    this.#tell({ level: 'info', text, facts })
  }

  warn(text: string): void {
    this.#tell({ level: 'warn', text, aloud: true })
  }

  /** The backup as a whole came to nothing. */
  fail(error: unknown): void {
    this.#tell({ level: 'error', text: describeError(error).message })
  }

  /** To be called as often as there is something new; a line is told when another phase begins. */
  progress(progress: BackupProgress): void {
    const isNew = progress.phase !== this.#progress?.phase
    this.#progress = progress
    if (isNew) this.#tell({ level: 'info', text: phases[progress.phase], facts: { phase: progress.phase } })
  }

  /** Tells how far it is. */
  beat(): void {
    if (!this.#progress) return
    const { phase, filesDone, filesTotal, bytesDone, bytesTotal } = this.#progress
    if (filesDone + filesTotal === 0)
      return this.#tell({ level: 'info', text: phases[phase], facts: { phase } })
    const of = filesTotal > 0 ? ` of ${formatCount(filesTotal)} (${formatBytes(bytesTotal)})` : ''
    const text = `${phases[phase]}: ${formatNumberOf(filesDone, 'file')} (${formatBytes(bytesDone)})${of}`
    this.#tell({ level: 'info', text, facts: { phase, filesDone, filesTotal, bytesDone, bytesTotal } })
  }

  /** The run goes on from one that was interrupted at a destination. */
  resume(destination: string, { started, heartbeat, machine }: Run): void {
    const text = `${destination}: goes on from the run of ${formatTime(started)}, which was interrupted; it was last heard of at ${formatTime(heartbeat)}, on ${machine}`
    const facts = { destination, interrupted: { started, heartbeat, machine } }
    this.#tell({ level: 'info', text, facts, aloud: true })
  }

  /** A destination failed, and is tried again. */
  retry(destination: string, error: unknown, { number, of, delayMs }: Retry): void {
    const { message } = describeError(error)
    const text = `${destination}: failed: ${message}; it is tried again in ${formatDuration(delayMs)}, ${number} of ${of}`
    const facts = { destination, error: message, retry: number }
    this.#tell({ level: 'warn', text, facts, aloud: true })
  }

  /** Tells how it ended at a destination. */
  end(end: BackupEnd): void {
    const { result, destination, error, warnings = [] } = end
    const facts = backupDocument(end) as object
    if (result)
      return this.#tell({ level: result.exitCode === 0 ? 'info' : 'warn', text: backupSummary(end), facts })
    const { message, detail, exitCode } = describeError(error)
    const lines = [`${destination}: no snapshot: ${message}`, detail, ...warnings]
    const text = lines.filter((line) => line !== '').join('\n')
    this.#tell({ level: exitCode === exitCodes.cancelled ? 'warn' : 'error', text, facts })
  }

  over(exitCode: number, now: Date): void {
    const took = formatDuration(now.getTime() - this.#started.getTime())
    const text = `backup ends after ${took}, with exit code ${exitCode}`
    this.#tell({ level: exitCode === 0 ? 'info' : 'warn', text, facts: { exitCode } })
  }
}
