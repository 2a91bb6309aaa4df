import { isDamage, workingCopyError } from '../../manifest/damage.ts'
import { errorMessage, exitCodes } from '../../shared/errors.ts'
import { ForeignObjectError } from '../../vault/objects.ts'
import type { CrossCheck } from '../../vault/record.ts'
import { readRecord, type StoredRecord } from '../../vault/snapshots.ts'
import { FindingsBook } from '../forecast/findings.ts'
import { workingCopy } from '../stateFolder.ts'
import { Checkpoints } from './checkpoints.ts'
import { crossCheckFiles } from './crossCheck.ts'
import type { DatabaseMoment } from './database.ts'
import { DestinationDump } from './destinationDump.ts'
import { dryResult } from './dryResult.ts'
import { exitCodeWith } from './exitCode.ts'
import type { RecordDraft } from './hostChain.ts'
import type { OpenTarget } from './openTarget.ts'
import type { BackupPlan, BackupResult } from './plan.ts'
import type { BackupProgress } from './progress.ts'
import { doneInParts } from './parts/join.ts'
import { draftRecord, type DraftEnd } from './recordDraft.ts'
import { reportEnd } from './reportEnd.ts'
import type { Rounds } from './rounds.ts'
import { RunKey } from './runKey.ts'
import type { StoreLane } from './storeLane.ts'
import type { StoreStage } from './storeStage.ts'
import { takeFiles, type TakenFiles } from './takeFiles.ts'
import { Tally } from './tally.ts'
import type { WorkList } from './workList.ts'

/** After a stop, so long is left for a last checkpoint: well within the 30 seconds that Kubernetes grants. */
const lastCheckpointMs = 10_000

/** What the destinations of a backup share. */
export interface Company {
  work: WorkList
  stage: StoreStage
  rounds: Rounds
  /** Says what a run is at, to whoever watches. */
  begin: (phase: BackupProgress['phase']) => void
}

/** The backup to one destination: it goes with others as long as it can, and ends alone. */
export class DestinationRun {
  readonly #plan: BackupPlan
  readonly #target: OpenTarget
  readonly #company: Company
  readonly #dump: DestinationDump
  readonly #lane: StoreLane
  readonly #tally = new Tally()
  readonly #checkpoints: Checkpoints
  /** Aborts with the backup, and when this run has its end. */
  readonly #signal: AbortSignal
  readonly #end = new AbortController()
  /** What of a run without a good end could not be saved, for people. */
  readonly unsaved: string[] = []
  /** Of a dry run. */
  readonly #findings: FindingsBook | undefined
  #taken: TakenFiles = { toRead: { files: 0, bytes: 0 }, keptMoving: false }
  readonly #previous: Date | undefined

  constructor(plan: BackupPlan, target: OpenTarget, company: Company) {
    const { vault, storage, identity, recipients, chain, jobs } = target
    this.#plan = plan
    this.#target = target
    this.#company = company
    this.#signal = AbortSignal.any([plan.signal, this.#end.signal])
    if (plan.join) this.#tally.takeOver(doneInParts(plan.join))
    this.#previous = chain.parent?.complete ? new Date(chain.parent.created) : undefined
    const { work } = company
    const key = new RunKey(vault, recipients, chain, this.#signal)
    this.#dump = new DestinationDump({ plan, target, work, key, signal: this.#signal })
    this.#checkpoints = new Checkpoints(plan.checkpointEvery, plan.now, async () => {
      await chain.commit(this.#draft({ complete: false }), plan.now(), { signal: this.#signal })
    })
    this.#findings = plan.dryRun
      ? new FindingsBook(workingCopy(target.folder), target.folder, plan.now())
      : undefined
    const { names, keyIds } = vault.keys
    const resuming = vault.writeOnly ? undefined : { identity: identity.identity, keyIds, recipients }
    this.#lane = company.stage.addLane({
      options: { storage, vaultId: vault.id, names, resuming },
      chain,
      work,
      key,
      tally: this.#tally,
      jobs,
      checkpoint: async (bytes) => await this.#checkpoints.count(bytes),
    })
  }

  get name(): string {
    return this.#target.name
  }

  /** The run can't end well any more. */
  fail(error: unknown): void {
    this.#lane.fail(error)
  }

  /** Dumps the database; the commit waits for it. @throws what the run fails with, too. */
  async dump(moment: DatabaseMoment): Promise<void> {
    try {
      await this.#dump.take(moment)
    } catch (error) {
      this.fail(error)
      throw error
    }
  }

  /**
   * Takes the files, and commits the snapshot.
   * @throws when there could be none; as much as possible is saved for the next run then.
   */
  async finish(): Promise<BackupResult> {
    try {
      if (this.#plan.only !== 'database') this.#taken = await this.#takeFiles()
      if (this.#findings) return await dryResult(this.#account, this.#findings, this.#signal)
      return this.#plan.part ? await this.#commitPart() : await this.#commit()
    } catch (cause) {
      const error = this.#plan.signal.aborted ? this.#plan.signal.reason : cause
      this.fail(error)
      if (!this.#plan.dryRun) await this.#saveWhatIsDone(error)
      throw workingCopyError(workingCopy(this.#target.folder), error)
    } finally {
      this.#end.abort()
      await this.#dump.settle().catch(() => undefined)
      this.#findings?.[Symbol.dispose]()
      await this.#target[Symbol.asyncDispose]()
    }
  }

  async #takeFiles(): Promise<TakenFiles> {
    const { chain, jobs, folder } = this.#target
    const traveller = {
      manifestFile: workingCopy(folder),
      chain,
      jobs,
      tally: this.#tally,
      lane: this.#lane,
      findings: this.#findings,
    }
    return await takeFiles(this.#company.rounds, traveller, this.#plan)
  }

  /** Commits the snapshot: from here on it exists. */
  async #commit(): Promise<BackupResult> {
    await this.#waitForAll()
    this.#company.begin('checking')
    const draft = this.#draft({ complete: true, crossCheck: this.#crossCheck() })
    this.#company.begin('committing')
    const snapshot = await this.#commitDraft(draft)
    const result = this.#result(snapshot, draft)
    const end = { outcome: 'completed', exitCode: result.exitCode, record: snapshot.key } as const
    // What is committed stays so, with a report or without one.
    await reportEnd(this.#account, end, result.warnings)
    return result
  }

  /** Commits a part. It leaves no report: what it has done is told with the snapshot. */
  async #commitPart(): Promise<BackupResult> {
    await this.#waitForAll()
    this.#company.begin('committing')
    const record = await this.#commitDraft(this.#draft({ complete: false, done: true }))
    const facts = this.#facts(record.record.warnings)
    return { ...facts, exitCode: exitCodes.done, snapshot: undefined, part: { record, missing: [] } }
  }

  /** All that the record names has to be in the vault. */
  async #waitForAll(): Promise<void> {
    if (this.#lane.isBroken) await this.#lane.broken.promise
    await this.#dump.settle()
    await this.#checkpoints.settle()
  }

  /** @returns the record; of parts that somebody else has joined at the same time it is theirs. */
  async #commitDraft(draft: RecordDraft): Promise<StoredRecord> {
    const { chain, vault } = this.#target
    const { host, now } = this.#plan
    const { sequence } = chain
    const options = { signal: this.#signal }
    try {
      return await chain.commit(draft, now(), options)
    } catch (error) {
      if (draft.runId === undefined || !(error instanceof ForeignObjectError)) throw error
      return await readRecord(vault, host, { sequence, runId: draft.runId }, options)
    }
  }

  /** After a failure or a stop: commits a checkpoint, so that the next run goes on from here, and a report. */
  async #saveWhatIsDone(error: unknown): Promise<void> {
    try {
      if (!isDamage(error)) await this.#lastCheckpoint()
    } catch (failure) {
      this.unsaved.push(`no last checkpoint could be committed: ${errorMessage(failure)}`)
    }
    const outcome = this.#plan.signal.aborted ? 'interrupted' : 'failed'
    await reportEnd(this.#account, { outcome, error: errorMessage(error) }, this.unsaved)
  }

  async #lastCheckpoint(): Promise<void> {
    const { chain } = this.#target
    const signal = AbortSignal.timeout(lastCheckpointMs)
    await this.#checkpoints.settle().catch(() => undefined)
    if (!chain.manifest.hasNews) return
    await chain.commit(this.#draft({ complete: false }), this.#plan.now(), { signal })
  }

  #crossCheck(): CrossCheck | null {
    const { database } = this.#dump
    if (!database) return null
    const { chain } = this.#target
    const context = { chain, work: this.#company.work, tally: this.#tally, sources: this.#plan.sources }
    return crossCheckFiles(context, database.assets)
  }

  #draft(end: DraftEnd): RecordDraft {
    const facts = {
      target: this.#target,
      tally: this.#tally,
      database: this.#dump.database,
      catalogue: this.#dump.catalogue,
      keptMoving: this.#taken.keptMoving,
    }
    return draftRecord(this.#plan, facts, end)
  }

  #result(snapshot: StoredRecord, draft: RecordDraft): BackupResult {
    const exitCode = exitCodeWith(draft, this.#taken.keptMoving)
    return { ...this.#facts(draft.warnings), exitCode, snapshot, previous: this.#previous }
  }

  get #account() {
    return { plan: this.#plan, target: this.#target, tally: this.#tally, toRead: this.#taken.toRead }
  }

  #facts(warnings: readonly string[]): Pick<BackupResult, 'location' | 'tally' | 'toRead' | 'warnings'> {
    const { location } = this.#target.vault.storage
    return { location, tally: this.#tally, toRead: this.#taken.toRead, warnings: [...warnings] }
  }
}
