import type { ObjectKey } from '../../crypto/envelope.ts'
import type { DestinationJobs } from '../jobs/destinationJobs.ts'
import { ContentLedger } from './contentLedger.ts'
import { FileLedger } from './fileLedger.ts'
import type { HostChain } from './hostChain.ts'
import { Patience } from './patience.ts'
import type { RunKey } from './runKey.ts'
import type { StoreOptions } from './storeMessages.ts'
import type { Tally } from './tally.ts'
import type { Candidate, FileTotals, WorkList } from './workList.ts'

export interface LaneContext {
  options: StoreOptions
  chain: HostChain
  work: WorkList
  key: RunKey
  tally: Tally
  jobs: DestinationJobs
  /** Called after files were taken into the manifest, with the bytes of new objects; commits a checkpoint when due. */
  checkpoint: (storedBytes: number) => Promise<void>
}

/** A file that has to be handed out once more. */
export interface SecondChance {
  candidate: Candidate
  /** Whether it failed for its name, and goes under another key now. */
  isSecondTry: boolean
}

/**
 * One destination's way through the storing of files: what is under way to it, and what has to be tried again. When it
 * breaks, it breaks alone.
 */
export class StoreLane {
  /** Its place among the workers' stores. */
  readonly store: number
  readonly options: StoreOptions
  readonly chain: HostChain
  readonly key: RunKey
  readonly checkpoint: LaneContext['checkpoint']
  readonly jobs: DestinationJobs
  readonly contents: ContentLedger
  readonly files: FileLedger
  /** Files to hand out once more. */
  readonly again: SecondChance[] = []
  /** Rejects when the lane breaks, with the reason; it never resolves. */
  readonly broken = Promise.withResolvers<never>()
  /** What it has to do with the list that is, or was last, handed out. */
  round = new LaneRound(0, 0)
  readonly #tally: Tally
  readonly #changed: () => void
  #inFlight = 0
  #objectKey: ObjectKey | 'asked for' | undefined
  #isBroken = false

  /** @param changed is called when something may be possible that was not. */
  constructor(context: LaneContext, store: number, changed: () => void) {
    this.store = store
    this.options = context.options
    this.chain = context.chain
    this.key = context.key
    this.checkpoint = context.checkpoint
    this.jobs = context.jobs
    this.contents = new ContentLedger(context.chain)
    this.files = new FileLedger(context, this.contents)
    this.#tally = context.tally
    this.#changed = changed
    this.broken.promise.catch(() => undefined)
  }

  /** Takes part in the next hand-out: so many files are listed for it, under this bit. */
  begin(bit: number, files: number): void {
    this.round = new LaneRound(bit, files)
    this.files.vanished = 0
  }

  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Memory that is under way to the destination, in bytes. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** The key to encrypt with. Undefined until it is stored, before which nothing may be sent. */
  get objectKey(): ObjectKey | undefined {
    if (this.#objectKey === undefined) this.#askForKey()
    return typeof this.#objectKey === 'object' ? this.#objectKey : undefined
  }

  /** Turns away from a key under which a name is taken by something that nobody can identify. */
  replaceKey(key: ObjectKey): void {
    if (this.#objectKey !== key) return
    this.#objectKey = undefined
    this.key.replace()
  }

  take(memory: number): void {
    this.#inFlight += memory
  }

  giveBack(memory: number): void {
    this.#inFlight -= memory
    this.#changed()
  }

  tryAgain(candidates: readonly Candidate[], isSecondTry = false): void {
    for (const candidate of candidates) this.again.push({ candidate, isSecondTry })
  }

  countStored(contents: number, bytes: number): void {
    this.#tally.changes.storedContents += contents
    this.#tally.changes.storedBytes += bytes
  }

  /** The destination drops out. What is still under way to it counts no more. */
  fail(error: unknown): void {
    this.#isBroken = true
    this.broken.reject(error)
    this.#changed()
  }

  #askForKey(): void {
    this.#objectKey = 'asked for'
    this.key
      .current()
      .then((key) => (this.#objectKey = key))
      .then(this.#changed)
      .catch((error: unknown) => this.fail(error))
  }
}

/** What a destination still has to do with the list of a walk. */
export class LaneRound {
  /** The destination's bit in the candidates' sets. */
  readonly bit: number
  readonly patience = new Patience(() => performance.now())
  /** What it was passed over for, because it had no room. */
  readonly skipped: FileTotals = { files: 0, bytes: 0 }
  readonly #handedOut = Promise.withResolvers<void>()
  #left: number

  /** @param files how many candidates it lacks. */
  constructor(bit: number, files: number) {
    this.bit = bit
    this.#left = files
    if (files === 0) this.#handedOut.resolve()
  }

  /** Whether more is to be handed out to it. */
  get goesOn(): boolean {
    return this.#left > 0
  }

  /** Resolves when nothing more will be handed out to it. */
  get handedOut(): Promise<void> {
    return this.#handedOut.promise
  }

  /** The hand-out has come to these files, and was, or was not, able to give them to the destination. */
  pass(files: readonly { size: number }[], given: boolean): void {
    if (!given) {
      this.skipped.files += files.length
      for (const { size } of files) this.skipped.bytes += size
    }
    this.#left -= files.length
    if (this.#left === 0) this.#handedOut.resolve()
  }
}
