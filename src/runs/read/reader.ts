import { availableParallelism } from 'node:os'
import { errorMessage } from '../../shared/errors.ts'
import { Semaphore } from '../../shared/semaphore.ts'
import { WorkerPool } from '../../shared/threads/pool.ts'
import type { StorageOptions } from '../../storage/options.ts'
import type { DataKeyRing } from '../../vault/dataKeys.ts'
import type { Vault } from '../../vault/vault.ts'
import { isLoss } from '../loss.ts'
import type { ReadContent, ReadObject } from './object.ts'
import type { ObjectOutcome, ReadFailure } from './outcome.ts'
import type { ReadJob, ReadLevel, ReadNote, ReadResult, ReadSetting } from './serveReads.ts'

interface ReaderOptions {
  vault: Vault
  /** How the worker threads open the vault's storage. */
  storage: StorageOptions
  keys: DataKeyRing
  /** About how many bytes will be read, where that is known: few need no more than one thread. */
  expectedBytes?: number
  signal: AbortSignal
  /** What the workers do with what they read; see {@link file://./serveReads.ts}. By default they only check it. */
  worker?: { script: URL; task: unknown }
}

interface ReadCall<C extends ReadContent, R> {
  level: ReadLevel
  /** Hears of each object, in the order in which they are done. */
  onOutcome: (outcome: ObjectOutcome, object: ReadObject<C>) => void
  /** Hears what the task reports of each job. */
  onReport?: (report: R) => void
  /** Hears of bytes as they are read. */
  onBytes?: (bytes: number) => void
}

/** Reads objects of a vault in worker threads, several at once; memory does not grow with their number or size. */
export class ContentReader implements AsyncDisposable {
  readonly #pool: WorkerPool
  readonly #keys: DataKeyRing
  readonly #signal: AbortSignal
  readonly #atOnce: number
  readonly #locked = new Map<string, ReadFailure>()

  constructor({ vault, storage, keys, expectedBytes = Infinity, signal, worker }: ReaderOptions) {
    const setting: ReadSetting = { storage, vaultId: vault.id, task: worker?.task }
    const script = worker?.script ?? new URL('./checkWorker.ts', import.meta.url)
    const size = Math.ceil(
      Math.min(maxThreads, Math.max(2, availableParallelism()), (expectedBytes + 1) / bytesPerThread),
    )
    this.#pool = new WorkerPool(script, { size, data: setting, signal })
    this.#keys = keys
    this.#signal = signal
    const { concurrency } = vault.storage.capabilities
    this.#atOnce = Math.min(Math.max(concurrency, size * 2), size * maxJobsPerThread)
  }

  /**
   * Reads all these objects.
   * @param objects taken as fast as they are read.
   * @throws the signal's reason when it aborts; what a worker's task threw. What is wrong with an object is an outcome.
   */
  async read<C extends ReadContent, R = undefined>(
    objects: Iterable<ReadObject<C>>,
    call: ReadCall<C, R>,
  ): Promise<void> {
    const permits = new Semaphore(this.#atOnce)
    const running = new Set<Promise<void>>()
    let failure: { error: unknown } | undefined
    try {
      for (const batch of batchesOf(objects)) {
        const release = await permits.acquire()
        if (failure || this.#signal.aborted) break
        const job = this.#run(batch, call)
          .catch((error: unknown) => {
            failure ??= { error }
          })
          .finally(() => {
            running.delete(job)
            release()
          })
        running.add(job)
      }
    } finally {
      await Promise.all(running)
    }
    this.#signal.throwIfAborted()
    if (failure) throw failure.error
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.close()
  }

  async #run<C extends ReadContent, R>(batch: ReadObject<C>[], call: ReadCall<C, R>): Promise<void> {
    const job: ReadJob<C> = { level: call.level, objects: [] }
    for (const object of batch) {
      const locked = call.level === 'stored' ? undefined : await this.#unlock(object.keyId)
      if (locked) call.onOutcome(lockedOutcome(object, locked), object)
      else job.objects.push({ object, dataKey: this.#dataKey(object, call.level) })
    }
    if (job.objects.length === 0) return
    const result = (await this.#pool.run(job, {
      note: (bytes: ReadNote) => call.onBytes?.(bytes),
    })) as ReadResult<R>
    for (const [i, outcome] of result.outcomes.entries()) {
      const read = job.objects[i]
      if (read) call.onOutcome(outcome, read.object)
    }
    call.onReport?.(result.report)
  }

  #dataKey({ keyId }: ReadObject, level: ReadLevel): Uint8Array {
    return level === 'stored' ? new Uint8Array() : this.#keys.lookup(Buffer.from(keyId, 'hex'))
  }

  /** Opens a data key. @returns why it does not open; asked once for each key. */
  async #unlock(keyId: string): Promise<ReadFailure | undefined> {
    const known = this.#locked.get(keyId)
    if (known) return known
    try {
      await this.#keys.load([Buffer.from(keyId, 'hex')], { signal: this.#signal })
      return undefined
    } catch (error) {
      if (!isLoss(error)) throw error
      const failure: ReadFailure = { kind: 'locked', message: errorMessage(error) }
      this.#locked.set(keyId, failure)
      return failure
    }
  }
}

function lockedOutcome(object: ReadObject, failure: ReadFailure): ObjectOutcome {
  const failed = new Map(object.contents.map(({ id }) => [id, failure]))
  return { key: object.key, failure, failed, bytes: 0 }
}

/** Small objects go to a thread together, so that each costs no message of its own. */
function* batchesOf<C extends ReadContent>(objects: Iterable<ReadObject<C>>): Generator<ReadObject<C>[]> {
  let batch: ReadObject<C>[] = []
  let size = 0
  for (const object of objects) {
    batch.push(object)
    size += object.plaintextSize
    if (batch.length < batchLength && size < batchBytes) continue
    yield batch
    batch = []
    size = 0
  }
  if (batch.length > 0) yield batch
}

const batchLength = 32
const batchBytes = 16 * 1024 * 1024
/** More threads than this only wait for the disk or the network, and three keep the process below 300 MB. */
const maxThreads = 3
/** Starting another thread takes as long as reading about so many bytes. */
const bytesPerThread = 64 * 1024 * 1024
/** Enough to hide the latency of a far storage, few enough for the memory. */
const maxJobsPerThread = 8
