import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest } from '../../manifest/manifest.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { indexKeyPrefix, vaultFileKey } from '../../vault/layout.ts'
import { storeManifest } from '../../vault/manifests.ts'
import { digestOf } from '../../vault/objects.ts'
import type { RecordId, SnapshotRecord, StoredManifest, StoredObject } from '../../vault/record.ts'
import { commitRecord, recordName, referenceTo, type StoredRecord } from '../../vault/snapshots.ts'
import type { Vault } from '../../vault/vault.ts'
import { markClean, markUse, rememberHead, rememberRecords } from './localHead.ts'
import { writeNextManifest } from './nextManifest.ts'

/** What a run knows of itself when it commits; the chain adds its own place. */
export interface RecordDraft extends Omit<
  SnapshotRecord,
  'version' | 'host' | 'runId' | 'sequence' | 'parents' | 'manifests' | 'keys' | 'restorePoint' | 'created'
> {
  /** Where the record is not named after the run. */
  runId?: string | undefined
}

/** What a chain is opened with. */
export interface OpenedChain {
  vault: Vault
  host: string
  /** This host's own folder in the state directory. */
  folder: string
  runId: string
  base: RecordId | null
  manifest: Manifest
  /** The records that the next one follows. */
  parents: StoredRecord[]
  /** The manifests that hold the rows before `sequence`. */
  manifests: StoredManifest[]
  sequence: number
  /** Names of the records that were listed. */
  known: Set<string>
}

/**
 * A host's snapshots and its manifest, open for one run: which records the run follows, the working copy of the
 * manifest, and the sequence to which every row written now belongs.
 */
export class HostChain {
  readonly manifest: Manifest
  /** In the names of all that the run writes. */
  readonly runId: string
  /** Of a part's chain: the host's record that it began from. */
  readonly base: RecordId | null
  /** The next record's. It moves on as soon as a commit has taken its rows, not when the commit is done. */
  sequence: number
  readonly #vault: Vault
  readonly #host: string
  readonly #folder: string
  #parents: StoredRecord[]
  #chain: StoredManifest[]
  /** Names of the records that this run has seen or written. */
  readonly #known: Set<string>
  #manifestsWritten = 0
  #packsNamed = 0

  /** @param opened as {@link openHostChain} leaves it. */
  constructor(opened: OpenedChain) {
    this.#vault = opened.vault
    this.#host = opened.host
    this.#folder = opened.folder
    this.runId = opened.runId
    this.base = opened.base
    this.manifest = opened.manifest
    this.#parents = opened.parents
    this.#chain = opened.manifests
    this.#known = opened.known
    this.sequence = opened.sequence
  }

  /** The newest record that this run follows, or undefined in a new vault. */
  get parent(): SnapshotRecord | undefined {
    return this.#parents[0]?.record
  }

  /** The newest restore point at or before the parent, and what it held. */
  get restorePoint(): SnapshotRecord['restorePoint'] {
    const { parent } = this
    if (!parent?.complete) return parent?.restorePoint ?? null
    const { sequence, runId, counts, crossCheck, restorePoint } = parent
    const assets = crossCheck?.assets ?? restorePoint?.assets ?? null
    return { sequence, runId, files: counts.files, assets }
  }

  /**
   * Commits what stands in the manifest now: uploads what is new of it, then the record. Rows written while this goes
   * on belong to the next sequence; when it fails, to the same, so that sequences have no gaps, by which forks are
   * found. Only one commit at a time.
   */
  async commit(draft: RecordDraft, created: Date, options: CallOptions): Promise<StoredRecord> {
    const { sequence } = this
    try {
      return await this.#commit(sequence, draft, created, options)
    } catch (error) {
      this.manifest.adoptUncommitted(sequence - 1, sequence)
      this.sequence = sequence
      throw error
    }
  }

  async #commit(
    sequence: number,
    draft: RecordDraft,
    created: Date,
    options: CallOptions,
  ): Promise<StoredRecord> {
    const { runId = this.runId, complete } = draft
    const manifests = await this.#uploadManifest({ sequence, runId, created, complete }, options)
    const record: SnapshotRecord = {
      ...draft,
      version: 1,
      host: this.#host,
      runId,
      sequence,
      created: created.toISOString(),
      parents: this.#parents.map(referenceTo),
      manifests,
      keys: this.parent?.keys ?? (await digestKeys(this.#vault, options)),
      restorePoint: this.restorePoint,
    }
    const stored = await commitRecord(this.#vault, record, options)
    this.#known.add(recordName(record))
    this.manifest.transaction(() => {
      rememberHead(this.manifest, stored)
      rememberRecords(this.manifest, this.#known)
      markClean(this.manifest)
      if (!draft.complete) markUse(this.manifest, created)
    })
    this.#parents = [stored]
    this.#chain = manifests
    return stored
  }

  /** A name that no pack of this run has had. */
  nextPackName(): string {
    return `${this.runId}-${this.#packsNamed++}`
  }

  close(): void {
    this.manifest.close()
  }

  /** Writing the file is synchronous, and moves the sequence on before anything else can write a row. */
  async #uploadManifest(
    snapshot: Parameters<Manifest['addSnapshot']>[0],
    options: CallOptions,
  ): Promise<StoredManifest[]> {
    const { sequence } = snapshot
    this.sequence = sequence + 1
    if (!this.manifest.hasNews && this.#chain.length > 0) return this.#chain
    const file = join(this.#folder, 'upload.sqlite')
    try {
      this.manifest.addSnapshot(snapshot)
      const { kind, after } = writeNextManifest(this.manifest, this.#chain, file)
      this.manifest.markUploaded()
      const place = { host: this.#host, runId: this.runId, n: this.#manifestsWritten++, kind, sequence }
      return [...after, await storeManifest(this.#vault, place, file, options)]
    } finally {
      rmSync(file, { force: true })
    }
  }
}

/** `vault.json` and the index keys as they lie in the vault: every snapshot remembers them, to tell a change. */
async function digestKeys(vault: Vault, options: CallOptions): Promise<StoredObject[]> {
  const keys = [vaultFileKey]
  for await (const { key } of vault.storage.list(indexKeyPrefix, options)) keys.push(key)
  const objects: StoredObject[] = []
  for (const key of keys) {
    const { size, sha256 } = await digestOf(vault.storage.read(key, options))
    objects.push({ key, size, sha256: sha256.toString('hex') })
  }
  return objects
}
