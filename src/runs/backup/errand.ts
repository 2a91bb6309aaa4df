import type { ObjectKey } from '../../crypto/envelope.ts'
import { fromPlainError } from '../../shared/threads/protocol.ts'
import { sourceOf } from '../jobs/destinationJobs.ts'
import type { Claims } from './contentLedger.ts'
import type { StoreLane } from './storeLane.ts'
import type { PackTarget, StoredBatch, StoredFile, StoreNote, StoreTarget } from './storeMessages.ts'
import type { Candidate } from './workList.ts'

/** What one job does for one destination. */
export interface ErrandPlan {
  candidates: readonly Candidate[]
  key: ObjectKey
  /** Of the pack that the files share; undefined for one file with an object of its own. */
  packName: string | undefined
  /** Memory that the destination takes for it meanwhile, in bytes. */
  memory: number
  /** Whether the key is a new one because nobody could tell what lay under the file's name. */
  isSecondTry: boolean
}

/** What one job does for one destination: what is promised to it, and what its end means for the manifest. */
export class Errand {
  readonly #lane: StoreLane
  readonly #plan: ErrandPlan
  readonly #claims: Claims
  readonly #over = Promise.withResolvers<void>()
  #isTold = false
  #passed = 0

  constructor(lane: StoreLane, plan: ErrandPlan) {
    this.#lane = lane
    this.#plan = plan
    this.#claims = lane.contents.claims()
    lane.take(plan.memory)
  }

  /** Resolves when all is written into the manifest, well or not. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  get target(): StoreTarget {
    return { store: this.#lane.store, key: this.#plan.key }
  }

  get packTarget(): PackTarget {
    return { ...this.target, packName: this.#packName }
  }

  /** Answers the worker which of these contents it is to store. */
  claim(hashes: string[]): boolean[] {
    return this.#claims.claim(hashes)
  }

  /** Hears of bytes of a large file that were worked through. They are only lent: once it is over, the file counts. */
  pass(bytes: number): void {
    if (this.#isTold) return
    this.#passed += bytes
    this.#count(bytes)
  }

  /** Takes what the worker tells of its end. Only the first word counts. */
  hear(note: StoreNote & { kind: 'end' | 'failed' }): void {
    if (note.kind === 'end') this.#finish(async () => await this.#end(note.end))
    else this.fail(fromPlainError(note.error))
  }

  /** The destination's storage failed, and with it the destination; unless another name will do. */
  fail(error: unknown): void {
    this.#finish(() => {
      const { candidates, key, packName, isSecondTry } = this.#plan
      if (isSecondTry || !isUnproven(error)) throw error
      this.#lane.replaceKey(key)
      this.#lane.tryAgain(candidates, packName === undefined)
    })
  }

  #finish(work: () => Promise<void> | void): void {
    if (this.#isTold) return
    this.#isTold = true
    this.#count(-this.#passed)
    void Promise.try(this.#lane.isBroken ? () => undefined : work)
      .catch((error: unknown) => this.#lane.fail(error))
      .finally(() => {
        this.#claims.settle()
        this.#lane.giveBack(this.#plan.memory)
        this.#over.resolve()
      })
  }

  #count(bytes: number): void {
    const [file] = this.#plan.candidates
    if (file) this.#lane.jobs.advance(sourceOf(file.directory), 0, bytes)
  }

  async #end(end: StoredFile | StoredBatch): Promise<void> {
    const isBatch = 'outcomes' in end
    if (isBatch) this.#addPack(end.pack)
    else this.#addObject(end)
    // Others may look for these contents now; this job itself may wait for another one's.
    this.#claims.settle()
    const outcomes = isBatch ? end.outcomes : [end.outcome]
    this.#lane.tryAgain(await this.#lane.files.takeAll(this.#plan.candidates, outcomes))
    // A destination that has dropped out meanwhile commits by itself.
    if (this.#lane.isBroken) return
    await this.#lane.checkpoint((isBatch ? end.pack?.size : end.object?.size) ?? 0)
  }

  #addObject({ outcome, object }: StoredFile): void {
    if (!object || outcome.status !== 'read') return
    const { key, contents } = this.#lane
    contents.add({
      sha256: Buffer.from(outcome.sha256, 'hex'),
      size: outcome.size,
      dataKey: object.earlierKey ? key.rowOfEarlier(object.earlierKey) : key.rowOf(this.#plan.key),
      ciphertextSha256: Buffer.from(object.ciphertextSha256, 'hex'),
    })
    this.#lane.countStored(1, object.size)
  }

  #addPack(pack: StoredBatch['pack']): void {
    if (!pack) return
    const { chain, key, contents } = this.#lane
    const { plaintextSize, members } = pack
    const ciphertextSha256 = Buffer.from(pack.ciphertextSha256, 'hex')
    chain.manifest.transaction(() => {
      const dataKey = key.rowOf(this.#plan.key)
      const row = { name: this.#packName, dataKey, plaintextSize, ciphertextSha256 }
      const id = chain.manifest.addPack(row, chain.sequence)
      for (const { sha256, size, offset } of members)
        contents.add({ sha256: Buffer.from(sha256, 'hex'), size, pack: id, offset })
    })
    this.#lane.countStored(members.length, pack.size)
  }

  get #packName(): string {
    const { packName } = this.#plan
    if (packName === undefined) throw new Error('a file with an object of its own has no pack')
    return packName
  }
}

/** Errors from workers have lost their class. */
function isUnproven(error: unknown): boolean {
  return error instanceof Error && error.name === 'UnprovenObjectError'
}
