import type { Config, Destination } from '../config/config.ts'
import { expectEveryMs } from '../config/expectEvery.ts'
import type { Identity } from '../crypto/identity.ts'
import { rememberedRecord } from '../runs/stateFolder.ts'
import type { DestinationFacts } from '../runs/status/facts.ts'
import { readVault } from '../runs/status/readVault.ts'
import { UserError } from '../shared/errors.ts'
import type { SnapshotRecord } from '../vault/record.ts'
import type { Context } from './context.ts'
import { openDestination, pinnedHostFolder } from './openDestination.ts'

/** Somebody is waiting, or a probe is: a destination that does not answer by then is told as such. */
const patienceMs = 30_000

/** What destinations tell, before this machine's own memory is asked. */
export type VaultLook = Omit<DestinationFacts, 'runs' | 'stateProblem'>

/** Looks at the vaults of destinations, all at once. One that can't be opened is no error: that is what is to be told. */
export async function lookAtVaults(
  context: Context,
  config: Config,
  destinations: readonly Destination[],
  identity: Identity,
): Promise<VaultLook[]> {
  return await Promise.all(destinations.map(async (each) => await lookAt(context, config, each, identity)))
}

async function lookAt(
  context: Context,
  config: Config,
  destination: Destination,
  identity: Identity,
): Promise<VaultLook> {
  const wants = {
    destination: destination.name,
    expectEveryMs: expectEveryMs(config, destination),
    wantsDatabase: Boolean(config.database),
  }
  const patience = AbortSignal.timeout(patienceMs)
  const signal = AbortSignal.any([context.signal, patience])
  try {
    await using opened = await openDestination({ ...context, signal }, config, destination, identity)
    const { remembered } = opened
    const vault = await readVault(opened.vault, { host: config.host, remembered, signal })
    return { ...wants, vault, unreachable: undefined, remembered }
  } catch (error) {
    context.signal.throwIfAborted()
    const unreachable = patience.aborted ? silenceOf(destination) : whyUnreachable(error)
    return { ...wants, vault: undefined, unreachable, remembered: rememberedOf(config, destination) }
  }
}

/** What is tried again and again until then has its reasons; a check, which does not wait for better times, tells them. */
function silenceOf({ name }: Destination): NonNullable<VaultLook['unreachable']> {
  const message = `it did not answer within ${patienceMs / 1000} seconds`
  return { message, hint: `See why with: safelight check ${name}` }
}

/** @throws the error where it is a bug. */
function whyUnreachable(error: unknown): NonNullable<VaultLook['unreachable']> {
  if (!(error instanceof UserError)) throw error
  return { message: error.message, hint: error.hint }
}

/** What this machine remembers of a destination that can't be looked at, where its own copy can be read. */
function rememberedOf(config: Config, destination: Destination): SnapshotRecord | undefined {
  const folder = pinnedHostFolder(config, destination)
  if (folder === undefined) return undefined
  try {
    return rememberedRecord(folder)
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}
