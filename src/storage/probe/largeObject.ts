import { randomBytes } from 'node:crypto'
import { bytesOf, chunksOf } from './bytes.ts'
import type { TrialVerdict } from '../trial.ts'
import type { Site } from './site.ts'

/** Enough to tell a speed by. */
const leastBytes = 4 * 1024 * 1024

/** Whether an object of several parts arrives whole. Leaves it to the steps after this one, with the speeds. */
export async function tryLargeObject({ storage, key, call, clock, found }: Site): Promise<TrialVerdict> {
  const own = key('large')
  const bytes = randomBytes(Math.max(storage.capabilities.partSize + 1, leastBytes))
  const began = clock()
  await storage.upload(own, chunksOf(bytes), { kind: 'index', size: bytes.length, ...call })
  const stored = clock()
  found.large = { key: own, bytes }
  found.up = perSecond(bytes.length, stored - began)
  const back = await bytesOf(storage.read(own, call), bytes.length)
  found.down = perSecond(bytes.length, clock() - stored)
  if (back.equals(bytes)) return { result: 'good', detail: 'an object of several parts arrives whole' }
  return {
    result: 'bad',
    detail: 'an object of several parts came back as something else',
    remedy: 'Do not keep backups here: what it stores is not what it was given.',
  }
}

function perSecond(bytes: number, ms: number): number {
  return Math.round((bytes / Math.max(ms, 1)) * 1000)
}
