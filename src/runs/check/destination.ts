import type { Config, Destination } from '../../config/config.ts'
import { storageOptions } from '../../config/storageOptions.ts'
import type { Identity } from '../../crypto/identity.ts'
import { whatItCannot } from '../../storage/cannot.ts'
import { openStorage, prepareStorage } from '../../storage/open.ts'
import type { Finding } from '../../storage/probe/finding.ts'
import { probe } from '../../storage/probe/probe.ts'
import type { RetryPolicy } from '../../storage/retry.ts'
import { sweep } from '../../storage/sweep.ts'
import { findingsOf } from './findingsOf.ts'
import { checkSpace, mebibyte } from './space.ts'
import { sweptFinding } from './swept.ts'
import { checkVault } from './vault.ts'

/** What came of checking a destination. */
export interface CheckedDestination {
  destination: string
  type: string
  /** Null where it could not even be opened. */
  location: string | null
  findings: Finding[]
  /** What it can't do, each to be read after "It can't". */
  cannot: string[]
}

interface Surroundings {
  config: Config
  /** Undefined where none could be opened. */
  identity: Identity | undefined
  sweep: boolean
  now: () => Date
  clock: () => number
  signal: AbortSignal
}

/** Somebody is waiting: a destination that can't be reached is told soon. */
const patience: RetryPolicy = { tries: 3, firstDelayMs: 1000, maxDelayMs: 5000, budgetMs: 30_000 }
/** The probe's large object takes two minutes at 2 Mbit/s. */
const longestMs = 10 * 60_000
/** A first backup takes what the library has. */
const spaceNeeds = { least: 100 * mebibyte, comfortable: 10 * 1024 * mebibyte }

/** Tries all that a backup needs of a destination. What is wrong is a finding. @throws the signal's reason. */
export async function checkDestination(
  destination: Destination,
  around: Surroundings,
): Promise<CheckedDestination> {
  const { name, type } = destination
  const checked: CheckedDestination = { destination: name, type, location: null, findings: [], cannot: [] }
  const look = (signal: AbortSignal) => lookAt(destination, { ...around, signal }, checked)
  checked.findings = await findingsOf({ what: 'opening', patienceMs: longestMs, look }, around.signal)
  return checked
}

async function* lookAt(
  destination: Destination,
  { config, identity, sweep: isSwept, now, clock, signal }: Surroundings,
  checked: CheckedDestination,
): AsyncGenerator<Finding> {
  await using prepared = await prepareStorage(storageOptions(destination, config.limits, config.state), {
    signal,
  })
  await using stack = new AsyncDisposableStack()
  const storage = await openStorage(prepared.options, { policy: patience, signal })
  stack.defer(async () => await storage.close())
  checked.location = storage.location
  checked.cannot = whatItCannot(storage)
  if (destination.type === 'local')
    yield { what: 'free space', ...(await checkSpace(destination.path, spaceNeeds)) }
  const sweeping = async function* () {
    yield sweptFinding(await sweep(storage, { now, signal }), storage)
  }
  if (isSwept) yield* await findingsOf({ what: 'sweep', patienceMs: longestMs, look: sweeping }, signal)
  yield* probe(storage, { now, clock, signal })
  const vault = async function* () {
    const expected = { identity, pin: destination.vault, writeOnly: config.writeOnly, signal }
    yield { what: 'vault', ...(await checkVault(storage, expected)) }
  }
  yield* await findingsOf({ what: 'vault', patienceMs: longestMs, look: vault }, signal)
}
