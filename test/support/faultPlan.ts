import type { HttpFault, HttpFaultPlan } from './httpProxy.ts'
import { Random } from './random.ts'

/** Each gives one fault, of a size that chance decides. A burst is as many of them for the requests that come next. */
const faults = {
  'lost request': () => ['lost request'],
  'request cut in the middle': (random) => [{ cutRequestAt: anySize(random) }],
  'lost answer': () => ['lost answer'],
  'answer cut in the middle': (random) => [{ cutAnswerAt: anySize(random) }],
  'slow trickle': () => [{ trickleMs: 5 }],
  '500': (random) => burst(random, { status: 500, code: 'InternalError' }),
  '503': (random) => burst(random, { status: 503, code: 'SlowDown' }),
  '503 with Retry-After': () => [{ status: 503, code: 'SlowDown', headers: { 'retry-after': '1' } }],
  // These cost whoever waits its whole patience.
  'nobody there': () => ['deaf'],
  'no answer': () => ['silence'],
  'silence in the middle of the answer': (random) => [{ silentAfter: anySize(random) }],
} as const satisfies Record<string, (random: Random) => HttpFault[]>

export type FaultName = keyof typeof faults

const names = Object.keys(faults) as FaultName[]
const slowFaults = names.filter((name) => /nobody|no answer|silence/.test(name))

/** Those that show at once, so that they can be met with the program's own patience. */
export const quickFaults = names.filter((name) => !slowFaults.includes(name))

/** All of them, the slow ones less often. */
export const allFaults = [...quickFaults, ...quickFaults, ...quickFaults, ...quickFaults, ...slowFaults]

export interface RandomFaults {
  plan: HttpFaultPlan
  /** How often each was chosen. */
  chosen: Map<FaultName, number>
}

/**
 * Faults that come at random, in the same order for the same seed.
 * @param rate share of the requests that meet one, from 0 to 1; a burst counts once.
 */
export function randomFaults(
  seed: number,
  { rate, among = allFaults }: { rate: number; among?: readonly FaultName[] },
): RandomFaults {
  const random = new Random(seed)
  const chosen = new Map<FaultName, number>()
  const coming: HttpFault[] = []
  return {
    chosen,
    plan() {
      if (coming.length === 0 && random.next() < rate) {
        const name = random.pick(among)
        chosen.set(name, (chosen.get(name) ?? 0) + 1)
        coming.push(...faults[name](random))
      }
      return coming.shift()
    },
  }
}

/** From a byte to a megabyte, each order of magnitude as often as the others. */
function anySize(random: Random): number {
  return Math.floor(2 ** (random.next() * 20))
}

function burst(random: Random, fault: HttpFault): HttpFault[] {
  return Array.from({ length: random.integer(1, 3) }, () => fault)
}
