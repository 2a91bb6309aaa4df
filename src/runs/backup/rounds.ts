import { setImmediate } from 'node:timers/promises'
import { unfinishedDumps } from '../../immich/folders.ts'
import type { PartShare } from './parts/part.ts'
import type { ProgressMeter } from './progress.ts'
import { scanSources } from './scan.ts'
import type { Comparison, FolderSource } from './source.ts'
import type { StoreLane } from './storeLane.ts'
import type { StoreStage } from './storeStage.ts'
import type { ScanMember } from './takeScan.ts'
import type { FileTotals, WorkList } from './workList.ts'

export interface RoundContext {
  sources: readonly FolderSource[]
  ignore: readonly string[]
  compare: readonly Comparison[]
  oneFileSystem: boolean
  part?: PartShare | undefined
  dryRun: boolean
  work: WorkList
  stage: StoreStage
  progress: ProgressMeter
  /** Whether Immich's database was asked, so that a file that no row names means something. */
  catalogued: boolean
  now: () => Date
  signal: AbortSignal
}

/** A destination that takes part in rounds. */
export interface Traveller extends ScanMember {
  lane: StoreLane
}

/** What a round was for one destination. */
export interface RoundEnd {
  /** Files that it lacked. */
  listed: FileTotals
  /** Those of them that it was passed over for, and still lacks. */
  skipped: FileTotals
  /** How many paths were gone, in the walk or when their turn came. */
  gone: number
}

interface Waiting {
  traveller: Traveller
  end: PromiseWithResolvers<RoundEnd>
}

/** Sets of destinations are numbers with a bit for each. */
export const mostTravellers = 31

/**
 * Rounds: one walk through the library, compared with the manifests of all destinations that take part, and one reading
 * of what any of them lacks. Whoever falls behind, or has to look again, takes part in a later round; it sees the library
 * as it is then. A round begins when the one before is handed out, with all who wait for it.
 */
export class Rounds {
  readonly #context: RoundContext
  #waiting: Waiting[] = []
  #isGoing = false

  constructor(context: RoundContext) {
    this.#context = context
  }

  /**
   * Takes part in the next round.
   * @returns once the destination has its part of it; others may take longer.
   * @throws what broke the destination, or the walk.
   */
  async next(traveller: Traveller): Promise<RoundEnd> {
    const end = Promise.withResolvers<RoundEnd>()
    this.#waiting.push({ traveller, end })
    void this.#go()
    return await Promise.race([end.promise, traveller.lane.broken.promise])
  }

  async #go(): Promise<void> {
    if (this.#isGoing) return
    this.#isGoing = true
    // Those who are ready at the same time go together.
    await setImmediate()
    while (this.#waiting.length > 0) await this.#round(this.#waiting.splice(0, mostTravellers))
    this.#isGoing = false
  }

  async #round(all: readonly Waiting[]): Promise<void> {
    const party = all.filter(isSound)
    try {
      if (party.length > 0) await this.#handOut(party, await this.#walk(party))
    } catch (error) {
      if (party.length === 1 || this.#context.signal.aborted) for (const { end } of party) end.reject(error)
      // One of them is to blame, by a damaged manifest or because it broke meanwhile. If nobody knows who, each goes alone.
      else if (!party.every(isSound)) await this.#round(party)
      else for (const one of party) await this.#round([one])
    }
  }

  /** @returns for each how many of its paths are gone. */
  async #walk(party: readonly Waiting[]): Promise<number[]> {
    const { ignore, compare, oneFileSystem, part, work, progress, ...others } = this.#context
    const members = party.map(({ traveller }) => traveller)
    for (const { tally } of members) tally.beginWalk()
    work.clearCandidates()
    progress.begin('scanning')
    const setting = { compare: [...compare], ignore: [...ignore, unfinishedDumps], oneFileSystem, part }
    return await scanSources({ ...others, work, progress, members, setting })
  }

  /** Gives out what the walk has listed. Each one's round ends when all of its own is done. */
  async #handOut(party: readonly Waiting[], gone: readonly number[]): Promise<void> {
    const { work, stage, progress, dryRun } = this.#context
    const lists = party.map(({ traveller: { lane } }, i) => {
      const listed = work.candidateTotals(1 << i)
      lane.begin(1 << i, listed.files)
      return listed
    })
    const total = work.candidateTotals(-1)
    if (dryRun || total.files === 0) {
      const skipped = { files: 0, bytes: 0 }
      for (const [i, { end }] of party.entries())
        end.resolve({ listed: lists[i] ?? total, skipped, gone: gone[i] ?? 0 })
      return
    }
    progress.begin('storing', total)
    const handedOut = stage.handOut(party.map(({ traveller }) => traveller.lane))
    for (const [i, { traveller, end }] of party.entries()) {
      stage
        .finish(traveller.lane)
        .then(
          ({ vanished, skipped }) =>
            end.resolve({ listed: lists[i] ?? total, skipped, gone: (gone[i] ?? 0) + vanished }),
          end.reject,
        )
    }
    await handedOut
  }
}

function isSound({ traveller }: Waiting): boolean {
  return !traveller.lane.isBroken
}
