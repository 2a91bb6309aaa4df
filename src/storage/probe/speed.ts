import type { TrialVerdict } from '../trial.ts'
import type { Site } from './site.ts'

const looks = 5
/** Slower than this, a library of 100 GB takes over three months. */
const slow = 10_000
const slowAnswer = 2000

/** How long an answer takes, and how fast bytes go: the large object told that. */
export async function measureSpeed({ storage, key, call, clock, found }: Site): Promise<TrialVerdict> {
  const own = key('looked-at')
  await storage.put(own, Buffer.from('x'), { kind: 'index', ...call })
  const times: number[] = []
  for (let i = 0; i < looks; i++) {
    const began = clock()
    await storage.stat(own, call)
    times.push(clock() - began)
  }
  const latency = times.toSorted((a, b) => a - b)[Math.floor(looks / 2)] ?? 0
  const { up, down } = found
  const rates = [up && `${rateText(up)} up`, down && `${rateText(down)} down`].filter(Boolean)
  const detail = [`an answer takes ${latency < 10 ? latency.toFixed(1) : Math.round(latency)} ms`, ...rates]
  if (latency < slowAnswer && (up ?? Infinity) > slow) return { result: 'good', detail: detail.join(', ') }
  return {
    result: 'weak',
    detail: detail.join(', '),
    remedy: 'Look at the link between this machine and the storage before the first backup.',
  }
}

/** `12.3 MB/s` */
function rateText(bytesPerSecond: number): string {
  return `${(bytesPerSecond / 1e6).toFixed(bytesPerSecond < 1e6 ? 3 : 1)} MB/s`
}
