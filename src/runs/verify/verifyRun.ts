import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ContentFinder } from '../../manifest/contents.ts'
import { allDataKeys } from '../../manifest/view.ts'
import { UserError } from '../../shared/errors.ts'
import { formatNumberOf } from '../../shared/format.ts'
import { AccessDeniedError } from '../../storage/errors.ts'
import type { DataKeyRing } from '../../vault/dataKeys.ts'
import { databasePrefix, manifestPrefix } from '../../vault/layout.ts'
import type { SnapshotRecord, StoredDump } from '../../vault/record.ts'
import { headsOf, recordName, restorePoints, type StoredRecord } from '../../vault/snapshots.ts'
import { objectSize } from '../../crypto/envelope.ts'
import type { ReadObject } from '../read/object.ts'
import { failureOf } from '../read/outcome.ts'
import { thaw, type NeededObject } from '../thaw/thaw.ts'
import { affectedPaths, dumpUses } from './affected.ts'
import { longestChains, openChain } from './chains.ts'
import { storeVerification, type Level, type VerificationDocument } from './document.ts'
import { checkDump } from './dumps.ts'
import { Findings } from './finding.ts'
import { recallVerifications } from './history.ts'
import { checkDataKeys, checkStoredObjects, type KnownDataKey } from './keys.ts'
import { ObjectCheck } from './objectCheck.ts'
import { readsOf, type OpenChain } from './objects.ts'
import { Population, type CheckKind } from './population.ts'
import { checkRecords } from './records.ts'
import { checkSizesByListing } from './sizes.ts'
import { sampleStatement } from './statement.ts'
import {
  exitCodeOf,
  type VerifyOptions,
  type VerifyOutcome,
  type VerifyProgress,
  type VerifyResult,
} from './verification.ts'

/** One verification: its steps, in the order in which they are called, and what they found. */
export class VerifyRun implements Disposable {
  readonly #options: VerifyOptions
  readonly #runId: string
  readonly #started: Date
  readonly #findings = new Findings()
  readonly #warnings: string[] = []
  readonly #population: Population
  readonly #chains: OpenChain[] = []
  readonly #chainRecords: SnapshotRecord[] = []
  readonly #objects: ObjectCheck
  #records: StoredRecord[] = []
  /** Newest first. */
  #restorePoints: StoredRecord[] = []
  #level: Level
  #bytesLeft: number
  readonly #checkedDumps: string[] = []
  #skippedDump = false
  #isThawing = false

  /** @param options.folder for this run alone. */
  constructor(options: VerifyOptions, runId: string) {
    this.#options = options
    this.#runId = runId
    this.#started = options.now()
    this.#level = options.level
    this.#bytesLeft = options.maxBytes
    this.#population = new Population(join(options.folder, 'population.sqlite'))
    this.#objects = new ObjectCheck(options, this.#population, this.#chains, this.#findings)
  }

  [Symbol.dispose](): void {
    for (const { manifest } of this.#chains) manifest.close()
    this.#population[Symbol.dispose]()
  }

  async readRecords(): Promise<void> {
    this.#begin('records')
    const { vault, host, knownHeads, signal } = this.#options
    this.#records = await checkRecords(vault, host, knownHeads, this.#findings, { signal })
    this.#restorePoints = restorePoints(this.#records)
    if (knownHeads.length === 0) {
      this.#warnings.push(
        'this machine remembers no snapshot of this vault, so it could not notice if newer ones were hidden; give --expect-head to be sure',
      )
    }
  }

  /** Every manifest of the checked snapshots is fetched whole. */
  async openChains(): Promise<void> {
    this.#begin('manifests')
    const { vault, folder, signal } = this.#options
    for (const record of longestChains(this.#checkedRecords())) {
      const file = join(folder, `chain-${this.#chains.length}.sqlite`)
      const manifest = await openChain(vault, record, file, this.#findings, { signal })
      if (!manifest) continue
      const added = this.#population.addChain(this.#chains.length, file)
      if (added === 0 && this.#chains.length > 0) {
        manifest.close()
        await rm(file, { force: true })
        continue
      }
      this.#chains.push({ manifest, finder: new ContentFinder(manifest.db) })
      this.#chainRecords.push(record)
    }
  }

  async checkKeys(): Promise<void> {
    this.#begin('keys')
    const { vault, keys, signal } = this.#options
    const [newest] = headsOf(this.#records)
    await checkStoredObjects(vault, newest?.record.keys ?? [], this.#findings, { signal })
    const known = new Map<string, KnownDataKey>()
    for (const { manifest } of this.#chains) {
      for (const key of allDataKeys(manifest.db)) known.set(key.keyId.toString('hex'), key)
    }
    const dataKeys = [...known.values()]
    if (this.#level === 'read' && vault.writeOnly && !(await canOpen(keys, dataKeys, signal))) {
      this.#level = 'checksum'
      this.#warnings.push(
        "the vault is in write-only mode, and this identity can't open what it holds: stored bytes are compared with their checksums, and nothing is read back. Verify with a recovery identity now and then",
      )
    }
    await checkDataKeys(vault, dataKeys, this.#ring, this.#findings, { signal })
  }

  /** Manifests and dumps of all records, also of those that are not checked otherwise, are there with their sizes. */
  async checkPresence(): Promise<void> {
    const { vault, host, signal } = this.#options
    const manifests = this.#records.flatMap(({ record }) => record.manifests)
    for (const [prefix, objects] of [
      [manifestPrefix(host), manifests],
      [databasePrefix, dumpsOf(this.#records)],
    ] as const) {
      const byKey = new Map(objects.map((object) => [object.key, object]))
      const sorted = [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
      await checkSizesByListing(vault.storage, prefix, sorted, this.#findings, { signal })
    }
  }

  /** The newest dump, or all. */
  async checkDumps(): Promise<void> {
    if (this.#level === 'list') return
    const { vault, extent, signal } = this.#options
    const dumps = extent === 'all' ? dumpsOf(this.#records) : dumpsOf(this.#restorePoints).slice(0, 1)
    const progress = this.#begin('database', {
      objects: dumps.length,
      bytes: dumps.reduce((sum, { size }) => sum + size, 0),
    })
    for (const dump of dumps) {
      if (dump.size > this.#bytesLeft) {
        this.#skippedDump = true
        this.#warnings.push(`the dump ${dump.key} was not read: it is larger than what --max-bytes leaves`)
        continue
      }
      this.#bytesLeft -= dump.size
      await this.#findings.check(dump.key, async () => {
        await checkDump(vault, dump, this.#ring, (bytes) => progress(0, bytes), { signal })
      })
      this.#checkedDumps.push(dump.key)
      progress(1, 0)
    }
  }

  async checkObjects(): Promise<void> {
    const { vault, host, extent, signal } = this.#options
    const known = { population: this.#population, chains: this.#chainRecords, records: this.#records }
    this.#warnings.push(...(await recallVerifications(vault, host, known, { signal })))
    const limit = limitOf(extent, this.#population.size)
    const maxBytes = this.#level === 'list' ? Number.POSITIVE_INFINITY : this.#bytesLeft
    const choice = this.#population.choose(this.#kind, limit, maxBytes)
    if (choice.tooLarge > 0) {
      const objects = formatNumberOf(choice.tooLarge, 'object')
      this.#warnings.push(
        `${objects} larger than what --max-bytes leaves: verify without it, or with a higher one, now and then`,
      )
    }
    if (await this.#isFrozen()) return
    const progress = this.#begin('objects', choice)
    await this.#objects.run(choice, this.#level, progress)
  }

  /** Has the chosen objects thawed, where that is wanted. @returns whether they can't be read yet. */
  async #isFrozen(): Promise<boolean> {
    const { vault, thawing, signal } = this.#options
    if (this.#level === 'list' || thawing?.tier === undefined || !vault.storage.thawing) return false
    const needed = () => sizedObjects(readsOf(vault, this.#chains, this.#population.chosen()))
    const { total } = await thaw(vault.storage.thawing, needed, { choice: thawing, signal })
    if (total.objects === 0) return false
    this.#isThawing = true
    this.#warnings.push(
      `${total.objects} objects have to thaw before they can be read; run the same command again when they are ready`,
    )
    return true
  }

  async finish(): Promise<VerifyResult> {
    const { now } = this.#options
    this.#markChecked()
    const outcome = this.#outcome()
    const { choice, failed, lost } = this.#objects
    const [newest] = this.#restorePoints
    const total = this.#population.size
    const affected = affectedPaths(this.#chains, lost, this.#restorePoints)
    const damagedDumps = dumpUses(this.#findings.list, this.#restorePoints)
    const document = await this.#store(outcome)
    return {
      outcome,
      exitCode: exitCodeOf[outcome],
      level: this.#level,
      snapshot: newest && { name: recordName(newest.record), created: newest.record.created },
      records: this.#records.length,
      objects: {
        total,
        checked: choice.objects,
        bytes: this.#level === 'list' ? 0 : choice.bytes,
        bad: failed,
      },
      dumps: this.#checkedDumps.length,
      statement: sampleStatement(choice, total, failed),
      coverage: {
        read: this.#population.coverage('read', now()),
        stored: this.#population.coverage('stored', now()),
      },
      findings: this.#findings.list,
      findingsTotal: this.#findings.total,
      affected: {
        paths: [...damagedDumps, ...affected.paths],
        total: damagedDumps.length + affected.total,
      },
      warnings: this.#warnings,
      document,
    }
  }

  /** So that a check of many days that is stopped goes on where it was. */
  async noteInterruption(): Promise<void> {
    if (this.#level === 'list' || this.#objects.good.length === 0) return
    try {
      this.#markChecked()
      const signal = AbortSignal.timeout(interruptionTimeoutMs)
      await storeVerification(this.#options.vault, this.#document('interrupted'), { signal })
    } catch (error) {
      // The run ends for another reason, which is told; the note only saves work.
      failureOf(error)
    }
  }

  #markChecked(): void {
    if (this.#level === 'list') return
    this.#population.mark(this.#objects.good, this.#kind, this.#started)
    this.#population.mark(this.#objects.bad, this.#kind, 'bad')
  }

  /** Which snapshots are checked: with the newest ones all that others were built on. */
  #checkedRecords(): StoredRecord[] {
    if (this.#options.extent === 'all') return this.#records
    return [...headsOf(this.#records), ...this.#restorePoints.slice(0, 1)]
  }

  get #kind(): CheckKind {
    return this.#level === 'checksum' ? 'stored' : 'read'
  }

  get #ring(): DataKeyRing | undefined {
    return this.#level === 'read' ? this.#options.keys : undefined
  }

  #outcome(): VerifyOutcome {
    const { total, unreadable } = this.#findings
    if (total === 0) return this.#isThawing ? 'incomplete' : 'good'
    return total > unreadable ? 'damaged' : 'incomplete'
  }

  /** A verification that is good stays good, whether or not it can be noted. */
  async #store(outcome: VerifyOutcome): Promise<string | undefined> {
    const { vault, signal } = this.#options
    try {
      return await storeVerification(vault, this.#document(outcome), { signal })
    } catch (error) {
      if (!(error instanceof AccessDeniedError)) throw error
      this.#warnings.push(
        `this verification could not be noted in the vault, so the next one will not know of it: ${error.message}`,
      )
      return undefined
    }
  }

  #document(outcome: VerificationDocument['outcome']): VerificationDocument {
    const { host, program, now } = this.#options
    const { good, bad, choice } = this.#objects
    const everything = outcome === 'good' && this.#isEverything()
    return {
      version: 1,
      host,
      runId: this.#runId,
      program,
      started: this.#started.toISOString(),
      finished: now().toISOString(),
      level: this.#level,
      outcome,
      through: everything
        ? headsOf(this.#records).map(({ record: { sequence, runId } }) => ({ sequence, runId }))
        : [],
      objects: everything || this.#level === 'list' ? '' : good.toText(),
      bad: bad.toText(),
      checkedObjects: choice.objects,
      checkedBytes: this.#level === 'list' ? 0 : choice.bytes,
      damaged: this.#findings.list.map(({ key, message }) => ({ key, problem: message })),
      coverage: {
        objects: this.#population.size,
        read: this.#population.checkedOnDays('read', this.#started),
        stored: this.#population.checkedOnDays('stored', this.#started),
      },
    }
  }

  #isEverything(): boolean {
    const { choice } = this.#objects
    return (
      this.#options.extent === 'all' &&
      this.#level !== 'list' &&
      !this.#skippedDump &&
      choice.objects === this.#population.size
    )
  }

  #begin(
    phase: VerifyProgress['phase'],
    totals = { objects: 0, bytes: 0 },
  ): (objects: number, bytes: number) => void {
    const state = {
      phase,
      objectsDone: 0,
      objectsTotal: totals.objects,
      bytesDone: 0,
      bytesTotal: totals.bytes,
    }
    const advance = (objects: number, bytes: number): void => {
      state.objectsDone += objects
      state.bytesDone += bytes
      this.#options.onProgress({ ...state })
    }
    advance(0, 0)
    return advance
  }
}

/** Kubernetes grants 30 seconds to a pod that is stopped. */
const interruptionTimeoutMs = 15_000

function limitOf(extent: VerifyOptions['extent'], total: number): number {
  if (extent === 'all') return total
  return 'objects' in extent ? extent.objects : Math.ceil((total * extent.percent) / 100)
}

function* sizedObjects(objects: Iterable<ReadObject>): Generator<NeededObject, void, undefined> {
  for (const { key, plaintextSize } of objects) yield { key, size: objectSize(plaintextSize) }
}

/** The dumps of these records, each once. */
function dumpsOf(records: readonly StoredRecord[]): StoredDump[] {
  const dumps = new Map<string, StoredDump>()
  for (const { record } of records) {
    if (record.database) dumps.set(record.database.key, record.database)
  }
  return [...dumps.values()]
}

/** Whether an identity is a recipient of data keys at all. */
async function canOpen(
  keys: DataKeyRing,
  known: readonly KnownDataKey[],
  signal: AbortSignal,
): Promise<boolean> {
  const ids = known.slice(-1).map(({ keyId }) => keyId)
  try {
    await keys.load(ids, { signal })
    return true
  } catch (error) {
    if (error instanceof UserError && !(error instanceof AccessDeniedError)) return false
    throw error
  }
}
