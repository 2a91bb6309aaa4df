import { AccessDeniedError, ObjectExistsError } from '../errors.ts'
import { bytesOf, chunksOf } from './bytes.ts'
import type { TrialVerdict } from '../trial.ts'
import type { Site } from './site.ts'

const atOnce = 4

const remedy =
  'Backups would be safe only while every writer behaves. Use a server that can refuse to replace an object, or credentials that may not.'

/** Whether an object that is there is refused, to a second call as to several at the same moment. */
export async function tryCreateOnly(site: Site): Promise<TrialVerdict> {
  const { storage, call } = site
  const key = site.key('once')
  const options = { kind: 'index', ...call } as const
  const first = Buffer.from('the first')
  const second = Buffer.from('the second')
  await storage.put(key, first, options)
  const refused = [
    await isRefused(storage.put(key, second, options)),
    await isRefused(storage.upload(key, chunksOf(second), options)),
  ]
  if (refused.includes(false) || !(await holds(site, key, first))) {
    return { result: 'bad', detail: 'an object that existed was replaced', remedy }
  }
  if (!storage.capabilities.atomicCreate) {
    return {
      result: 'weak',
      detail: 'existing objects are refused by looking first: two writers at one moment could both succeed',
      remedy: 'Back up to it from one machine only, and have it keep old versions.',
    }
  }
  const winners = await winnersAmong(site)
  if (winners === 1)
    return { result: 'good', detail: 'existing objects are refused, also to several at once' }
  return {
    result: 'bad',
    detail: `of ${atOnce} that created one object at once, ${winners} succeeded`,
    remedy,
  }
}

/** Whether an object is refused that has been stored in parts. */
export async function tryCreateOnlyLarge({ storage, found, call }: Site): Promise<TrialVerdict> {
  if (found.large === undefined) return { result: 'unknown', detail: 'no large object could be stored' }
  const { key, bytes } = found.large
  const options = { kind: 'index', size: bytes.length, ...call } as const
  return (await isRefused(storage.upload(key, chunksOf(bytes), options)))
    ? { result: 'good', detail: 'existing objects are refused to an upload in parts' }
    : { result: 'bad', detail: 'an upload in parts replaced an object that existed', remedy }
}

/** Whether an object still is what it was, where these credentials may look. */
async function holds({ storage, call }: Site, key: string, bytes: Buffer): Promise<boolean> {
  try {
    return (await bytesOf(storage.read(key, call), bytes.length)).equals(bytes)
  } catch (error) {
    if (error instanceof AccessDeniedError) return true
    throw error
  }
}

async function winnersAmong(site: Site): Promise<number> {
  const key = site.key('race')
  const writers = Array.from({ length: atOnce }, (_, n) => Buffer.from(`writer ${n}`))
  const refused = await Promise.all(
    writers.map((bytes) => isRefused(site.storage.put(key, bytes, { kind: 'index', ...site.call }))),
  )
  return refused.filter((each) => !each).length
}

/** @throws what the call threw, unless it says that the object exists. */
async function isRefused(creating: Promise<void>): Promise<boolean> {
  try {
    await creating
    return false
  } catch (error) {
    if (error instanceof ObjectExistsError) return true
    throw error
  }
}
