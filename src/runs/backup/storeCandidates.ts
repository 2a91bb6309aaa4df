import { availableParallelism } from 'node:os'
import type { ObjectKey } from '../../crypto/envelope.ts'
import { Semaphore } from '../../shared/semaphore.ts'
import { WorkerPool } from '../../shared/threads/pool.ts'
import type { StorageOptions } from '../../storage/options.ts'
import type { Vault } from '../../vault/vault.ts'
import { ContentLedger } from './contentLedger.ts'
import { FileLedger } from './fileLedger.ts'
import type { HostChain } from './hostChain.ts'
import type { ProgressMeter } from './progress.ts'
import type { RunKey } from './runKey.ts'
import { joinPath, type FolderSource } from './source.ts'
import { packedSizeLimit } from './storeBatch.ts'
import {
  jobsPerThread,
  type ResumeSetting,
  type StoredBatch,
  type StoredFile,
  type StoreBatchJob,
  type StoreFileJob,
  type StoreNote,
  type StoreQuestion,
  type StoreSetting,
} from './storeMessages.ts'
import type { Tally } from './tally.ts'
import type { Candidate, WorkList } from './workList.ts'

/** Limits of a pack: contents, and bytes of them. */
const filesPerBatch = 256
const bytesPerBatch = 8 * 1024 * 1024
/** Each thread works at several files, so none waits for a disk. Three keep the process below 300 MB. */
const threads = Math.max(2, Math.min(3, availableParallelism()))

export interface StoreContext {
  vault: Vault
  storage: StorageOptions
  sources: readonly FolderSource[]
  chain: HostChain
  work: WorkList
  key: RunKey
  resuming: ResumeSetting | undefined
  tally: Tally
  progress: ProgressMeter
  /** Called after files were taken into the manifest, with the bytes of new objects; commits a checkpoint when due. */
  checkpoint: (storedBytes: number) => Promise<void>
  signal: AbortSignal
}

/**
 * Reads every candidate, and stores what is new. Jobs run in worker threads; what they report is written into the
 * manifest here, one thing at a time. When this returns, every candidate is in the manifest or told in the tally.
 * @returns how many files were gone when their turn came.
 * @throws when the storage fails, or the signal aborts; what was stored by then stands in the manifest.
 */
export async function storeCandidates(context: StoreContext): Promise<number> {
  const { vault, storage, resuming, signal, work, progress } = context
  progress.begin('storing', work.candidateTotals())
  const setting: StoreSetting = { storage, vaultId: vault.id, names: vault.keys.names, resuming }
  const script = new URL('./storeWorker.ts', import.meta.url)
  const pool = new WorkerPool(script, { size: threads, data: setting, signal })
  try {
    return await new Storing(context, pool).run()
  } finally {
    await pool.close()
  }
}

class Storing {
  readonly #context: StoreContext
  readonly #pool: WorkerPool
  readonly #slots: Semaphore
  readonly #running = new Set<Promise<void>>()
  readonly #contents: ContentLedger
  readonly #files: FileLedger
  readonly #again: Candidate[] = []
  #failure: { error: unknown } | undefined

  constructor(context: StoreContext, pool: WorkerPool) {
    this.#context = context
    this.#pool = pool
    this.#slots = new Semaphore(pool.size * jobsPerThread)
    this.#contents = new ContentLedger(context.chain)
    this.#files = new FileLedger(context, this.#contents)
  }

  async run(): Promise<number> {
    let batch: Candidate[] = []
    let batchBytes = 0
    for (const candidate of this.#context.work.candidates()) {
      if (candidate.size > packedSizeLimit) {
        await this.#start(async () => await this.#storeOne(candidate))
        continue
      }
      batch.push(candidate)
      batchBytes += candidate.size
      if (batch.length === filesPerBatch || batchBytes >= bytesPerBatch) {
        const full = batch
        await this.#start(async () => await this.#storeBatch(full))
        batch = []
        batchBytes = 0
      }
    }
    if (batch.length > 0) await this.#start(async () => await this.#storeBatch(batch))
    await this.#settle()
    for (let next = this.#again.pop(); next; next = this.#again.pop()) {
      const candidate = next
      await this.#start(async () => await this.#storeOne(candidate))
      if (this.#again.length === 0) await this.#settle()
    }
    return this.#files.vanished
  }

  /** Runs a job as soon as a slot is free. The first failure stops the whole stage. */
  async #start(work: () => Promise<void>): Promise<void> {
    const release = await this.#slots.acquire()
    if (this.#failure) release()
    this.#throwFailure()
    const job = work()
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => {
        release()
        this.#running.delete(job)
      })
    this.#running.add(job)
  }

  async #settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
    this.#throwFailure()
  }

  #throwFailure(): void {
    this.#context.signal.throwIfAborted()
    if (this.#failure) throw this.#failure.error
  }

  async #storeOne(candidate: Candidate, isSecondTry = false): Promise<void> {
    const key = await this.#context.key.current()
    const file = { path: this.#begin(candidate), wantSha1: this.#files.wantsSha1(candidate) }
    const job: StoreFileJob = { kind: 'file', file, key }
    let noted = 0
    const note = (bytes: StoreNote): void => {
      noted += bytes
      this.#context.progress.advance(0, bytes)
    }
    let stored: StoredFile
    try {
      stored = await this.#claiming(async (answer) => {
        const result = (await this.#pool.run(job, { answer, note })) as StoredFile
        this.#addObject(key, result)
        return result
      })
    } catch (error) {
      if (isSecondTry || !isUnproven(error)) throw error
      this.#context.progress.advance(0, -noted)
      this.#context.key.replace()
      await this.#storeOne(candidate, true)
      return
    }
    if (await this.#files.take(candidate, stored.outcome)) this.#finish(candidate, noted)
    else this.#again.push(candidate)
    await this.#context.checkpoint(stored.object?.size ?? 0)
  }

  async #storeBatch(batch: Candidate[]): Promise<void> {
    const key = await this.#context.key.current()
    const packName = this.#context.chain.nextPackName()
    const files = batch.map((candidate) => ({
      path: this.#begin(candidate),
      wantSha1: this.#files.wantsSha1(candidate),
    }))
    const job: StoreBatchJob = { kind: 'batch', files, packName, key }
    let stored: StoredBatch
    try {
      stored = await this.#claiming(async (answer) => {
        const result = (await this.#pool.run(job, { answer })) as StoredBatch
        if (result.pack) this.#addPack(packName, key, result.pack)
        return result
      })
    } catch (error) {
      if (!isUnproven(error)) throw error
      this.#context.key.replace()
      this.#again.push(...batch)
      return
    }
    const left = await this.#files.takeAll(batch, stored.outcomes)
    this.#again.push(...left)
    for (const candidate of batch) if (!left.includes(candidate)) this.#finish(candidate, 0)
    await this.#context.checkpoint(stored.pack?.size ?? 0)
  }

  /** Lets a job claim contents, and lets go of the claims when it has ended, well or not. */
  async #claiming<T>(work: (answer: (question: StoreQuestion) => boolean[]) => Promise<T>): Promise<T> {
    const claims = this.#contents.claims()
    try {
      return await work(claims.claim)
    } finally {
      claims.settle()
    }
  }

  #addObject(key: ObjectKey, { outcome, object }: StoredFile): void {
    if (!object || outcome.status !== 'read') return
    const { size } = outcome
    const sha256 = Buffer.from(outcome.sha256, 'hex')
    const ciphertextSha256 = Buffer.from(object.ciphertextSha256, 'hex')
    this.#contents.add({
      sha256,
      size,
      dataKey: object.earlierKey
        ? this.#context.key.rowOfEarlier(object.earlierKey)
        : this.#context.key.rowOf(key),
      ciphertextSha256,
    })
    this.#countStored(1, object.size)
  }

  #addPack(name: string, key: ObjectKey, pack: NonNullable<StoredBatch['pack']>): void {
    const { plaintextSize } = pack
    const ciphertextSha256 = Buffer.from(pack.ciphertextSha256, 'hex')
    const { manifest, sequence } = this.#context.chain
    manifest.transaction(() => {
      const id = manifest.addPack(
        { name, dataKey: this.#context.key.rowOf(key), plaintextSize, ciphertextSha256 },
        sequence,
      )
      for (const { sha256, size, offset } of pack.members)
        this.#contents.add({ sha256: Buffer.from(sha256, 'hex'), size, pack: id, offset })
    })
    this.#countStored(pack.members.length, pack.size)
  }

  #countStored(contents: number, bytes: number): void {
    this.#context.tally.changes.storedContents += contents
    this.#context.tally.changes.storedBytes += bytes
  }

  #begin({ directory, name }: Candidate): string {
    this.#context.progress.advance(0, 0, joinPath(directory, name))
    return this.#pathOf(directory, name)
  }

  #finish({ size }: Candidate, noted: number): void {
    this.#context.progress.advance(1, size - noted)
  }

  #pathOf(directory: string, name: string): string {
    const source = this.#context.sources.find(
      ({ treePath }) => directory === treePath || directory.startsWith(`${treePath}/`),
    )
    if (!source) throw new Error(`no source holds ${directory}`)
    return joinPath(source.root + directory.slice(source.treePath.length), name)
  }
}

function isUnproven(error: unknown): boolean {
  return error instanceof Error && error.name === 'UnprovenObjectError'
}
