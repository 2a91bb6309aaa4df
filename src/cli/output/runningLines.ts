import type { CurrentRun } from '../../runs/status/currentRun.ts'
import { formatBytes, formatDuration, formatRate } from '../../shared/format.ts'
import { progressLine } from './progress.ts'

type Job = CurrentRun['jobs'][number]
/** A label and its text. */
type Line = [label: string, text: string]

/** What was written down so long ago at most is the present state. */
const presentMs = 5000

/** What a run that is under way does. */
export function runningLines({ jobs, started, lastSign, storedBytes }: CurrentRun, now: Date): Line[] {
  const silence = now.getTime() - lastSign.getTime()
  const asOf = silence > presentMs ? `, as of ${formatDuration(silence)} ago` : ''
  const begun = `for ${formatDuration(Math.max(0, now.getTime() - started.getTime()))}${asOf}`
  if (storedBytes !== undefined)
    return [['running', `${begun}: ${formatBytes(storedBytes)} stored elsewhere`]]
  const inState = (state: Job['state']): Job[] => jobs.filter((job) => job.state === state)
  const lines: Line[] = [
    ['running', begun],
    ['done', namesOf(inState('COMPLETED'))],
    ...workLines(inState('RUNNING')),
    ['to come', namesOf(inState('PENDING'))],
    ...troubles(jobs),
  ]
  return lines.filter(([, text]) => text !== '')
}

/** Sources are read together, so the rate is that of all, and so is the time that is left. */
function workLines(running: readonly Job[]): Line[] {
  const busy = running.filter(({ filesTotal, bytesTotal }) => filesTotal + bytesTotal > 0)
  const others = running.filter((job) => !busy.includes(job))
  if (busy.length === 0)
    return [['at work', others.length > 0 ? `looking for changes in ${namesOf(others)}` : '']]
  return [
    ...busy.map((job): Line => ['at work', `${job.source}: ${progressLine(countsOf(job))}`]),
    ['', rateText(busy)],
    ['unchanged', others.length > 0 ? `${namesOf(others)}, so far` : ''],
  ]
}

function countsOf({ filesDone, filesTotal, bytesDone, bytesTotal }: Job): Parameters<typeof progressLine>[0] {
  return { filesDone, filesTotal, bytesDone, bytesTotal }
}

function rateText(jobs: readonly Job[]): string {
  const rate = jobs.reduce((sum, { speed }) => sum + speed, 0)
  const left = jobs.reduce((sum, { bytesTotal, bytesDone }) => sum + bytesTotal - bytesDone, 0)
  if (rate === 0) return ''
  return `${formatRate(rate)}${left > 0 ? `, ${formatDuration((left / rate) * 1000)} left` : ''}`
}

function troubles(jobs: readonly Job[]): Line[] {
  return jobs.flatMap(({ source, state, error }): Line[] => {
    const what = state === 'FAILED' ? 'failed' : 'tried again'
    return error === null ? [] : [['trouble', `${source}, ${what}: ${error}`]]
  })
}

function namesOf(jobs: readonly Job[]): string {
  return jobs.map(({ source }) => source).join(', ')
}
