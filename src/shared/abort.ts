import { setTimeout as delay } from 'node:timers/promises'

/**
 * Waits `ms` milliseconds.
 * @throws the signal's reason as soon as it aborts.
 */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  try {
    await delay(ms, undefined, signal ? { signal } : undefined)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}
