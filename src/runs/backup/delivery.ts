import { toPlainError } from '../../shared/threads/protocol.ts'
import type { JobContext } from '../../shared/threads/serve.ts'
import type { Storage } from '../../storage/storage.ts'
import type { ObjectDigest } from '../../vault/objects.ts'
import type {
  StoreAnswer,
  StoredBatch,
  StoredFile,
  StoreNote,
  StoreOptions,
  StoreQuestion,
  StoreTarget,
} from './storeMessages.ts'
import type { WorkMemory } from './workMemory.ts'

/** Where contents go. */
export interface ContentStore extends Omit<StoreOptions, 'storage'> {
  /** The storage, opened when it is first asked for. */
  storage: () => Promise<Storage>
}

/** What the jobs of a worker thread share. */
export interface Workshop {
  /** In the order of the setting. */
  stores: readonly ContentStore[]
  memory: WorkMemory
}

/**
 * One target of a job: where to store, memory to work in, and whom to tell. Each ends by itself, so a slow target keeps its
 * own memory and nobody else's.
 */
export class Delivery<Target extends StoreTarget = StoreTarget> {
  readonly target: Target
  /** The target's place in the job. */
  readonly index: number
  readonly store: ContentStore
  readonly memory: Buffer
  readonly #leave: (note: StoreNote) => void
  #ended = false

  constructor(
    { target, index, store, memory }: { target: Target; index: number; store: ContentStore; memory: Buffer },
    leave: (note: StoreNote) => void,
  ) {
    this.target = target
    this.index = index
    this.store = store
    this.memory = memory
    this.#leave = leave
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Tells what became of the job at this target. */
  end(end: StoredFile | StoredBatch): void {
    this.#tell({ kind: 'end', target: this.index, end })
  }

  /** Tells that the target's storage failed; after an end it says nothing. */
  fail(error: unknown): void {
    this.#tell({ kind: 'failed', target: this.index, error: toPlainError(error) })
  }

  #tell(note: StoreNote): void {
    if (this.#ended) return
    this.#ended = true
    this.#leave(note)
  }
}

/**
 * Runs a job with a delivery for each target. One that `work` leaves without an end fails as `work` did.
 * @param loan bytes of memory for each.
 */
export async function withDeliveries<Target extends StoreTarget>(
  targets: readonly Target[],
  loan: number,
  { stores, memory }: Workshop,
  context: JobContext,
  work: (deliveries: readonly Delivery<Target>[]) => Promise<void>,
): Promise<void> {
  const borrowed = await memory.take(targets.length, loan)
  const deliveries = borrowed.map((own, index) => {
    const target = targets[index]
    const store = target && stores[target.store]
    if (!store) throw new Error('a job for a destination that nobody set up')
    return new Delivery({ target, index, store, memory: own }, (note) => {
      memory.giveBack(own)
      context.note(note)
    })
  })
  try {
    await work(deliveries)
  } catch (error) {
    for (const delivery of deliveries) delivery.fail(error)
  }
}

/** Asks the main thread which deliveries are to store which contents. Those are promised to this job from now on. */
export async function askWhoWants<Target extends StoreTarget>(
  deliveries: readonly Delivery<Target>[],
  hashes: string[],
  context: JobContext,
): Promise<{ delivery: Delivery<Target>; wanted: boolean[] }[]> {
  const question: StoreQuestion = { targets: deliveries.map(({ index }) => index), hashes }
  const answer = (await context.ask(question)) as StoreAnswer
  return deliveries.map((delivery, i) => ({ delivery, wanted: answer[i] ?? [] }))
}

/** Parts those that are to store a content of its own from those that have it. */
export async function partTakers(
  deliveries: readonly Delivery[],
  sha256: string,
  context: JobContext,
): Promise<{ takers: Delivery[]; others: Delivery[] }> {
  const answers = await askWhoWants(deliveries, [sha256], context)
  const those = (want: boolean) =>
    answers.filter(({ wanted }) => (wanted[0] === true) === want).map(({ delivery }) => delivery)
  return { takers: those(true), others: those(false) }
}

export function hexDigest({ sha256, size }: ObjectDigest): NonNullable<StoredFile['object']> {
  return { ciphertextSha256: sha256.toString('hex'), size }
}
