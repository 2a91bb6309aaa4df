import { UserError } from '../../shared/errors.ts'
import { liveness, type Machine } from '../../state/liveness.ts'
import { readState } from '../../state/state.ts'
import type { DestinationFacts } from './facts.ts'

/** More than a week of daily runs, with some that failed. */
const runsLookedAt = 20

/**
 * The runs that this machine remembers, newest first, and which of them are alive.
 * @param folder the configured state folder.
 */
export function knownRuns(
  folder: string,
  here: Machine,
  now: Date,
): Pick<DestinationFacts, 'runs' | 'stateProblem'> {
  try {
    using state = readState(folder)
    const runs = (state?.lastRuns(runsLookedAt) ?? []).map((run) => ({
      ...run,
      isLive: run.state === 'RUNNING' && liveness(run, here, now) === 'live',
    }))
    return { runs, stateProblem: undefined }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { runs: [], stateProblem: error.message }
  }
}
