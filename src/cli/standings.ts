import type { Config, Destination } from '../config/config.ts'
import type { DestinationStatus } from '../runs/status/destinationStatus.ts'
import { knownRuns } from '../runs/status/knownRuns.ts'
import { overallStatus } from '../runs/status/overallStatus.ts'
import { UserError } from '../shared/errors.ts'
import { thisMachine } from '../state/liveness.ts'
import type { Context } from './context.ts'
import { openIdentity } from './openIdentity.ts'
import { lookAtVaults } from './readStatus.ts'

/**
 * How destinations stand, for messages: nobody is asked anything.
 * @returns none where the vaults can't be opened without asking.
 */
export async function standings(
  context: Context,
  config: Config,
  destinations: readonly Destination[],
  now: Date,
): Promise<DestinationStatus[]> {
  try {
    const identity = await openIdentity(config, { ...context, interactive: false })
    const looks = await lookAtVaults(context, config, destinations, identity)
    const own = knownRuns(config.state, thisMachine(), now)
    const facts = looks.map((look) => ({ ...look, ...own }))
    return overallStatus(facts, now).destinations
  } catch (error) {
    if (error instanceof UserError) return []
    throw error
  }
}
