import type { StoredCatalogue } from '../../vault/record.ts'
import type { DatabaseMoment } from './database.ts'
import type { OpenTarget } from './openTarget.ts'
import { storeCatalogue } from './parts/catalogue.ts'
import { databaseOf } from './parts/join.ts'
import { partHost } from './parts/part.ts'
import type { BackupPlan } from './plan.ts'
import type { TakenDatabase } from './recordDraft.ts'
import type { RunKey } from './runKey.ts'
import type { WorkList } from './workList.ts'

interface DumpContext {
  plan: BackupPlan
  target: OpenTarget
  work: WorkList
  key: RunKey
  signal: AbortSignal
}

/** The dump of the database at one destination. */
export class DestinationDump {
  readonly #context: DumpContext
  #dumping: Promise<void> | undefined
  #database: TakenDatabase | undefined
  #catalogue: StoredCatalogue | undefined

  constructor(context: DumpContext) {
    const { plan, target } = context
    this.#context = context
    this.#database = plan.join && databaseOf(plan.join, target.chain.parent)
  }

  /** Undefined as long as nothing is dumped. */
  get database(): TakenDatabase | undefined {
    return this.#database
  }

  /** Of the part that dumps the database: which files the dump names. */
  get catalogue(): StoredCatalogue | undefined {
    return this.#catalogue
  }

  /** Dumps the database. */
  async take(moment: DatabaseMoment): Promise<void> {
    this.#dumping = this.#take(moment)
    await this.#dumping
  }

  /** Waits for a dump that is under way. @throws what it failed with. */
  async settle(): Promise<void> {
    await this.#dumping
  }

  async #take(moment: DatabaseMoment): Promise<void> {
    const { plan, target, work, key, signal } = this.#context
    const { vault, chain, jobs, folder } = target
    const { immich, postgres, warnings, counts } = moment.state
    const { assets } = counts
    const { runId } = chain
    const dump = await moment.dumpInto({ vault, key, runId, jobs }, signal)
    if (plan.part) {
      const place = { host: partHost(plan.host, plan.part), runId, folder }
      this.#catalogue = { ...(await storeCatalogue(vault, work, place, { signal })), assets, warnings }
    }
    this.#database = { immich, postgres: { version: postgres.version }, assets, dump, warnings }
  }
}
