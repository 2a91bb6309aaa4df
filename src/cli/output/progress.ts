import { formatBytes, formatCount, formatDuration, formatRate } from '../../shared/format.ts'
import { shorten } from './width.ts'

/** How far a job is. Bytes also move within a large file. */
export interface ProgressUpdate {
  /** What is counted, where that is not files. */
  unit?: 'file' | 'object'
  filesDone: number
  filesTotal?: number | undefined
  bytesDone: number
  bytesTotal?: number | undefined
  /** What is being worked on: a path made printable. */
  current?: string | undefined
}

interface ProgressOptions {
  write: (text: string) => void
  /** On a terminal, one line is drawn over and over; elsewhere, a line is added now and then. */
  live: boolean
  columns: number
  /** Milliseconds that only go forward. */
  now: () => number
}

const liveIntervalMs = 100
const sparseIntervalMs = 30_000
/** The rate is that of about the last half minute: it follows a change, and does not jump. */
const rateWindowMs = 30_000
const clearLine = '\r\x1b[2K'

/** Shows how far a job is, its rate and when it will be done. */
export class Progress {
  readonly #options: ProgressOptions
  readonly #samples: { time: number; bytes: number }[] = []
  #shownAt: number
  #drawn = false

  constructor(options: ProgressOptions) {
    this.#options = options
    this.#shownAt = options.now()
  }

  /** To be called as often as there is something new; most calls write nothing. */
  update(update: ProgressUpdate): void {
    const now = this.#options.now()
    this.#sample(now, update.bytesDone)
    const interval = this.#options.live ? liveIntervalMs : sparseIntervalMs
    if (now - this.#shownAt < interval) return
    this.#shownAt = now
    const line = progressLine(update, this.#rate())
    if (this.#options.live) {
      this.#options.write(clearLine + shorten(line, this.#options.columns - 1))
      this.#drawn = true
    } else {
      this.#options.write(`${line}\n`)
    }
  }

  /** Takes the live line away, so that other text can be written; the next update draws it again. */
  clear(): void {
    if (this.#drawn) this.#options.write(clearLine)
    this.#drawn = false
  }

  #sample(time: number, bytes: number): void {
    // Something else is counted from here on.
    if (bytes < (this.#samples.at(-1)?.bytes ?? 0)) this.#samples.length = 0
    this.#samples.push({ time, bytes })
    const start = this.#samples.findIndex((sample) => time - sample.time <= rateWindowMs)
    this.#samples.splice(0, start)
    // At most some hundred samples, however often the job calls: every other one tells as much.
    if (this.#samples.length > 300) {
      this.#samples.splice(0, this.#samples.length, ...this.#samples.filter((_, index) => index % 2 === 0))
    }
  }

  /** Bytes a second, or undefined as long as it can't be known. */
  #rate(): number | undefined {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (!first || !last || last.time - first.time < 1000) return undefined
    return ((last.bytes - first.bytes) / (last.time - first.time)) * 1000
  }
}

/** How far a job is, in one line. @param rate bytes a second, where that is known. */
export function progressLine(update: ProgressUpdate, rate?: number): string {
  const { bytesDone, bytesTotal, current } = update
  const counts = countsOf(update)
  const left = bytesTotal === undefined ? undefined : bytesTotal - bytesDone
  return [
    percent(bytesDone, bytesTotal),
    ...counts,
    rate === undefined || counts.length === 0 ? '' : formatRate(rate),
    rate && left !== undefined && left > 0 ? `${formatDuration((left / rate) * 1000)} left` : '',
    current ?? '',
  ]
    .filter((part) => part !== '')
    .join('  ')
}

/** Nothing as long as there is nothing to count. */
function countsOf({ unit = 'file', filesDone, filesTotal, bytesDone, bytesTotal }: ProgressUpdate): string[] {
  if (!filesTotal && !bytesTotal && filesDone === 0 && bytesDone === 0) return []
  const units = (filesTotal ?? filesDone) === 1 ? unit : `${unit}s`
  return [
    `${formatCount(filesDone)}${filesTotal === undefined ? '' : ` of ${formatCount(filesTotal)}`} ${units}`,
    `${formatBytes(bytesDone)}${bytesTotal === undefined ? '' : ` of ${formatBytes(bytesTotal)}`}`,
  ]
}

/** Rounded down: 100 % is shown when nothing is left. */
function percent(done: number, total: number | undefined): string {
  return total === undefined || total === 0 ? '' : `${Math.floor((Math.min(done, total) / total) * 100)} %`
}
