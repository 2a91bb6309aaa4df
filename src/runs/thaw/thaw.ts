/*
 * Objects that a restore or a verification needs may lie in an archive class. They are thawed here: just those, and
 * only when somebody asked for it, because it costs money and takes hours.
 */
import { sleep } from '../../shared/abort.ts'
import { Semaphore } from '../../shared/semaphore.ts'
import { StorageError } from '../../storage/errors.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { Temperature, Thawing, ThawTier } from '../../storage/thawing.ts'
import { failureOf } from '../read/outcome.ts'
import { daysReadable } from './cost.ts'
import { FrozenError } from './frozenError.ts'
import { FrozenObjects } from './frozenObjects.ts'

/** An object that is needed, and its stored size in bytes. */
export interface NeededObject {
  key: string
  size: number
}

/** What to do about objects in archive classes. */
export interface ThawChoice {
  /** Undefined: nothing is thawed, and frozen objects are an error that says what thawing would cost. */
  tier: ThawTier | undefined
  /** Whether to stay until everything can be read. */
  wait: boolean
  /** Hears how many objects are still frozen or thawing, each time that they were looked at. */
  onWaiting?: (pending: FrozenObjects) => void
  /** Milliseconds between two looks; by default as the tier's patience asks for. */
  pollMs?: number
}

const leaveFrozen: ThawChoice = { tier: undefined, wait: false }

/** Calls about single objects at once. */
const callsAtOnce = 16
const minuteMs = 60_000

/**
 * Makes sure that objects can be read.
 * @param needed gives the objects, as often as it is called.
 * @returns what can't be read yet: nothing, or what is thawing when nobody waits for it.
 * @throws FrozenError when objects are frozen and no tier says how to thaw them.
 */
export async function thaw(
  thawing: Thawing,
  needed: () => Iterable<NeededObject>,
  { choice = leaveFrozen, signal }: CallOptions & { choice: ThawChoice | undefined },
): Promise<FrozenObjects> {
  const { tier, wait, onWaiting, pollMs } = choice
  const options = { tier, signal }
  if (tier === undefined && (await beginsReadable(thawing, needed(), options))) {
    return new FrozenObjects()
  }
  let pending = await lookAtAll(thawing, needed(), options)
  if (pending.frozen.objects > 0 && tier === undefined) throw new FrozenError(pending, thawing.offers)
  if (!wait) return pending
  while (pending.total.objects > 0) {
    onWaiting?.(pending)
    await sleep(pollMs ?? (tier === 'expedited' ? minuteMs : 15 * minuteMs), signal)
    pending = await lookAtAll(thawing, needed(), options)
  }
  return pending
}

/** Where the first object was never frozen, the vault is taken to be in a class that can be read: one request. */
async function beginsReadable(
  thawing: Thawing,
  needed: Iterable<NeededObject>,
  options: CallOptions,
): Promise<boolean> {
  for (const { key } of needed) {
    const temperature = await temperatureOf(thawing, key, options)
    if (temperature) return temperature.state === 'readable'
  }
  return true
}

/** Undefined for an object that the storage does not give: whoever reads it will tell, and the others count. */
async function temperatureOf(
  thawing: Thawing,
  key: string,
  options: CallOptions,
): Promise<Temperature | undefined> {
  try {
    return await thawing.temperature(key, options)
  } catch (error) {
    // Nobody could be asked, so nobody knows that it is readable.
    if (error instanceof StorageError && error.transient) throw error
    failureOf(error)
    return undefined
  }
}

/** Looks at every object, and asks for the frozen ones where a tier says how. */
async function lookAtAll(
  thawing: Thawing,
  needed: Iterable<NeededObject>,
  { tier, signal }: CallOptions & Pick<ThawChoice, 'tier'>,
): Promise<FrozenObjects> {
  const pending = new FrozenObjects()
  const permits = new Semaphore(callsAtOnce)
  const running = new Set<Promise<void>>()
  let failure: { error: unknown } | undefined
  for (const object of needed) {
    const release = await permits.acquire()
    if (failure || signal?.aborted) break
    const look = lookAt(object)
      .catch((error: unknown) => {
        failure ??= { error }
      })
      .finally(() => {
        running.delete(look)
        release()
      })
    running.add(look)
  }
  await Promise.all(running)
  signal?.throwIfAborted()
  if (failure) throw failure.error
  return pending

  async function lookAt({ key, size }: NeededObject): Promise<void> {
    const temperature = await temperatureOf(thawing, key, { signal })
    if (!temperature || temperature.state === 'readable' || temperature.state === 'thawed') return
    if (temperature.state === 'frozen' && tier !== undefined) {
      await thawing.thaw(key, tier, { days: daysReadable, signal })
      pending.add('thawing', temperature.storageClass, size)
    } else {
      pending.add(temperature.state, temperature.storageClass, size)
    }
  }
}
