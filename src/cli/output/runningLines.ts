import type { CurrentRun } from '../../runs/status/currentRun.ts'
import { formatBytes, formatDuration, formatRate } from '../../shared/format.ts'
import { progressLine, type ProgressUpdate } from './progress.ts'

/** What was written down so long ago at most is the present state. */
const presentMs = 5000

/** What a run that is under way does, as labels and texts. */
export function runningLines(
  { jobs, started, lastSign, storedBytes }: CurrentRun,
  now: Date,
): [string, string][] {
  const silence = now.getTime() - lastSign.getTime()
  const asOf = silence > presentMs ? `, as of ${formatDuration(silence)} ago` : ''
  const begun = `for ${formatDuration(Math.max(0, now.getTime() - started.getTime()))}${asOf}`
  if (storedBytes !== undefined)
    return [['running', `${begun}: ${formatBytes(storedBytes)} stored elsewhere`]]
  const inState = (...states: string[]) => jobs.filter(({ state }) => states.includes(state))
  const names = (...states: string[]) =>
    inState(...states)
      .map(({ source }) => source)
      .join(', ')
  const lines: [string, string][] = [
    ['running', begun],
    ['done', names('COMPLETED')],
    ...inState('RUNNING').flatMap((job): [string, string][] => [
      ['at work', `${job.source}: ${progressLine(totalsKnown(job))}`],
      ['', rateText(job)],
    ]),
    ['to come', names('PENDING')],
    ...jobs
      .filter(({ error }) => error !== null)
      .map(({ source, state, error }): [string, string] => [
        'trouble',
        `${source}, ${state === 'FAILED' ? 'failed' : 'tried again'}: ${error}`,
      ]),
  ]
  return lines.filter(([, text]) => text !== '')
}

function rateText({ speed, bytesDone, bytesTotal }: CurrentRun['jobs'][number]): string {
  if (speed === 0) return ''
  const left =
    bytesTotal > bytesDone ? `, ${formatDuration(((bytesTotal - bytesDone) / speed) * 1000)} left` : ''
  return `${formatRate(speed)}${left}`
}

/** As long as nobody has looked, the totals are 0. */
function totalsKnown({
  filesDone,
  filesTotal,
  bytesDone,
  bytesTotal,
}: CurrentRun['jobs'][number]): ProgressUpdate {
  return filesTotal === 0 && bytesTotal === 0
    ? { filesDone, bytesDone }
    : { filesDone, filesTotal, bytesDone, bytesTotal }
}
