import { availableParallelism } from 'node:os'
import type { ObjectKey } from '../../crypto/envelope.ts'
import { Bell } from '../../shared/bell.ts'
import { Errand } from './errand.ts'
import { ParcelMaker, singleParcel, type ListedParcel } from './parcels.ts'
import type { ProgressMeter } from './progress.ts'
import { joinPath, type FolderSource } from './source.ts'
import { StoreCrew } from './storeCrew.ts'
import { StoreLane, type LaneContext } from './storeLane.ts'
import type { FileTotals, WorkList } from './workList.ts'
import { largestLoan } from './workMemory.ts'

/** Each thread works at several files, so none waits for a disk. Three keep the process below 300 MB. */
const threads = Math.max(2, Math.min(3, availableParallelism()))
/**
 * Loans of the largest size that a thread's memory has room for. Two are five photos of 3 MB under way, enough to hide the
 * latency of a far storage; three had a first backup of 20,000 files to S3 take 305 MB in all.
 */
const loansPerThread = 2

export interface StageContext {
  work: WorkList
  sources: readonly FolderSource[]
  progress: ProgressMeter
  signal: AbortSignal
}

/** A lane that has room, and the key that its contents go under. */
interface Taker {
  lane: StoreLane
  key: ObjectKey
}

/**
 * Has files read, and stored at each destination that lacks them: a file is read and hashed once for all of them. Each
 * destination has its share of the memory, so that a slow one takes nothing from the others. What the threads report is
 * written into the manifests here, one thing at a time.
 */
export class StoreStage implements AsyncDisposable {
  readonly #context: StageContext
  readonly #lanes: StoreLane[] = []
  /** Those that take part in a hand-out, or have not finished with one. */
  readonly #busy = new Set<StoreLane>()
  readonly #bell = new Bell()
  readonly #ring = (): void => this.#bell.ring()
  #crew: StoreCrew | undefined

  constructor(context: StageContext) {
    this.#context = context
    context.signal.addEventListener('abort', this.#ring, { once: true })
  }

  /** Adds a destination, before anything is handed out. */
  addLane(context: LaneContext): StoreLane {
    const lane = new StoreLane(context, this.#lanes.length, this.#ring)
    this.#lanes.push(lane)
    return lane
  }

  /** Lets the threads end. Whatever is still under way is lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#context.signal.removeEventListener('abort', this.#ring)
    await this.#crew?.[Symbol.asyncDispose]()
  }

  /**
   * Gives the candidates of the work list to the lanes that they are listed for. A lane without room is waited for
   * with patience, and then passed over.
   * @throws the signal's reason when it aborts.
   */
  async handOut(lanes: readonly StoreLane[]): Promise<void> {
    for (const lane of lanes) this.#busy.add(lane)
    const parcels = new ParcelMaker()
    for (const candidate of this.#context.work.candidates()) {
      const parcel = parcels.add(candidate)
      if (parcel) await this.#give(parcel, lanes)
    }
    for (const parcel of parcels.rest()) await this.#give(parcel, lanes)
  }

  /**
   * Waits until all that is handed out to a lane stands in its manifest, or is told in its tally.
   * @throws what broke the lane.
   */
  async finish(lane: StoreLane): Promise<{ vanished: number; skipped: FileTotals }> {
    try {
      await Promise.race([this.#finish(lane), lane.broken.promise])
      return { vanished: lane.files.vanished, skipped: lane.round.skipped }
    } finally {
      this.#busy.delete(lane)
      this.#bell.ring()
    }
  }

  async #finish(lane: StoreLane): Promise<void> {
    await lane.round.handedOut
    while (!lane.isBroken) {
      const next = lane.again.at(-1)
      const parcel = next && singleParcel(next.candidate)
      const key = parcel && this.#keyIfRoom(lane, parcel.memory)
      if (parcel && key) {
        lane.again.pop()
        const { candidate, isSecondTry } = next
        const plan = { candidates: [candidate], key, packName: undefined, memory: parcel.memory, isSecondTry }
        void this.#hire().run(parcel, [new Errand(lane, plan)], () => undefined)
      } else if (parcel || lane.inFlight > 0) await this.#bell.wait()
      else return
    }
  }

  async #give(parcel: ListedParcel, lanes: readonly StoreLane[]): Promise<void> {
    const { files, lackedBy } = parcel
    const wanting = lanes.filter(({ round }) => (lackedBy & round.bit) !== 0)
    const takers = await this.#waitForRoom(parcel.memory, wanting, lanes)
    if (takers.length > 0) void this.#start(parcel, takers)
    for (const lane of wanting)
      lane.round.pass(
        files,
        takers.some((taker) => taker.lane === lane),
      )
  }

  /** Has a parcel read for these lanes. @returns when it is over. */
  async #start(parcel: ListedParcel, takers: readonly Taker[]): Promise<void> {
    const { progress } = this.#context
    const { files, packed, memory } = parcel
    const errands = takers.map(({ lane, key }) => {
      const candidates = files.map(({ newTo, ...file }) => ({
        ...file,
        isNew: (newTo & lane.round.bit) !== 0,
      }))
      const packName = packed ? lane.chain.nextPackName() : undefined
      return new Errand(lane, { candidates, key, packName, memory, isSecondTry: false })
    })
    const [first] = files
    progress.advance(0, 0, first && joinPath(first.directory, first.name))
    let passed = 0
    await this.#hire().run(parcel, errands, (bytes) => {
      passed += bytes
      progress.advance(0, bytes)
    })
    progress.advance(files.length, files.reduce((sum, { size }) => sum + size, 0) - passed)
  }

  /**
   * Waits until all lanes that want a parcel have room for it. One that has none is waited for as long as it takes,
   * unless another lane could go on meanwhile: then only until its patience is used up.
   * @returns those that have room.
   */
  async #waitForRoom(
    memory: number,
    wanting: readonly StoreLane[],
    lanes: readonly StoreLane[],
  ): Promise<Taker[]> {
    for (;;) {
      this.#context.signal.throwIfAborted()
      const takers = wanting.flatMap((lane) => {
        const key = this.#keyIfRoom(lane, memory)
        return key ? [{ lane, key }] : []
      })
      const full = wanting.filter((lane) => !lane.isBroken && !takers.some((taker) => taker.lane === lane))
      if (full.length === 0) return takers
      const idle = lanes.some(
        (lane) => lane.round.goesOn && !full.includes(lane) && this.#keyIfRoom(lane, memory),
      )
      const patience = idle ? Math.max(...full.map(({ round }) => round.patience.left)) : Infinity
      if (patience <= 0) return takers
      const began = performance.now()
      await this.#bell.wait(patience)
      if (idle) for (const { round } of full) round.patience.spend(performance.now() - began)
    }
  }

  /** The key of a lane, if it has room for so many bytes more. */
  #keyIfRoom(lane: StoreLane, memory: number): ObjectKey | undefined {
    const share = (threads * loansPerThread * largestLoan) / this.#busy.size
    // What is larger than the share goes alone.
    const hasRoom = lane.inFlight === 0 || lane.inFlight + memory <= share
    return hasRoom && !lane.isBroken ? lane.objectKey : undefined
  }

  /** The threads start with the first file that is to be read: many runs have none. */
  #hire(): StoreCrew {
    if (this.#crew) return this.#crew
    const { sources, work, signal } = this.#context
    const stores = this.#lanes.map(({ options }) => options)
    // Where one job takes several, one more lets the next job begin.
    const loans = stores.length === 1 ? loansPerThread : Math.max(loansPerThread + 1, stores.length)
    const options = { size: threads, data: { stores, memory: loans * largestLoan }, signal }
    this.#crew = new StoreCrew(options, { sources, work })
    return this.#crew
  }
}
