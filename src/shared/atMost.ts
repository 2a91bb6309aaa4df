/**
 * Waits for a promise, `ms` milliseconds at most.
 * @throws what the promise throws by then.
 */
export async function atMost(ms: number, promise: Promise<unknown>): Promise<void> {
  if (ms === Infinity) {
    await promise
    return
  }
  const enough = Promise.withResolvers<void>()
  const timer = setTimeout(enough.resolve, ms)
  try {
    await Promise.race([promise, enough.promise])
  } finally {
    clearTimeout(timer)
  }
}
