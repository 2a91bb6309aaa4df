import { allFaults, quickFaults, randomFaults } from '../../support/faultPlan.ts'
import { startHttpProxy } from '../../support/httpProxy.ts'
import type { Severity } from './faulty.ts'

/** A proxy before an HTTP server that breaks five requests of a hundred. */
export async function faultyHttp(
  target: string,
  severity: Severity,
  seed: number,
): Promise<{ url: string; faults: () => number } & AsyncDisposable> {
  const among = severity === 'quick' ? quickFaults : allFaults
  const { plan, chosen } = randomFaults(seed, { rate: 0.05, among })
  const proxy = await startHttpProxy(target, { plan })
  return {
    url: proxy.url,
    faults: () => [...chosen.values()].reduce((sum, count) => sum + count, 0),
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}
