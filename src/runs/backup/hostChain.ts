import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Manifest } from '../../manifest/manifest.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { indexKeyPrefix, vaultFileKey } from '../../vault/layout.ts'
import { storeManifest } from '../../vault/manifests.ts'
import { digestOf } from '../../vault/objects.ts'
import type { SnapshotRecord, StoredManifest, StoredObject } from '../../vault/record.ts'
import { commitRecord, recordName, type StoredRecord } from '../../vault/snapshots.ts'
import type { Vault } from '../../vault/vault.ts'
import { workingCopy } from '../stateFolder.ts'
import { findHeads } from './heads.ts'
import {
  knownRecords,
  localHead,
  markClean,
  markUse,
  rememberHead,
  rememberRecords,
  uncommittedRows,
} from './localHead.ts'
import { writeNextManifest } from './nextManifest.ts'
import { importBranch, replaceManifest } from './replaceManifest.ts'

/** What a run knows of itself when it commits; the chain adds its own place. */
export type RecordDraft = Omit<
  SnapshotRecord,
  'version' | 'host' | 'runId' | 'sequence' | 'parents' | 'manifests' | 'keys' | 'restorePoint' | 'created'
>

/**
 * A host's snapshots and its manifest, open for one run: which records the run follows, the working copy of the
 * manifest, and the sequence to which every row written now belongs.
 */
export class HostChain {
  readonly manifest: Manifest
  readonly runId: string
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

  private constructor(parts: {
    vault: Vault
    host: string
    folder: string
    runId: string
    manifest: Manifest
    parents: StoredRecord[]
    known: Set<string>
  }) {
    this.#vault = parts.vault
    this.#host = parts.host
    this.#folder = parts.folder
    this.runId = parts.runId
    this.manifest = parts.manifest
    this.#parents = parts.parents
    this.#chain = parts.parents[0]?.record.manifests ?? []
    this.#known = parts.known
    this.sequence = Math.max(0, ...parts.parents.map(({ record }) => record.sequence)) + 1
  }

  /**
   * Brings the manifest up to the newest record: the local copy when it is that already, else it is fetched. After a
   * fork, contents that only the other branches know are taken over.
   * @param options.folder this host's own folder in the state directory.
   * @param options.readOnly nothing will be written or committed, so what an earlier run left stays as it is.
   * @throws UserError when the vault hides a record that this machine remembers.
   */
  static async open(
    vault: Vault,
    options: { host: string; folder: string; runId: string; now: Date; readOnly: boolean } & CallOptions,
  ): Promise<HostChain> {
    const { host, folder, runId, now, readOnly } = options
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const file = workingCopy(folder)
    let manifest = new Manifest(file)
    try {
      const local = localHead(manifest)
      const remembered = local && { head: local, known: knownRecords(manifest) }
      const { heads, listed } = await findHeads(vault, host, remembered, options)
      const current = local !== undefined && heads.some(({ key }) => key === local.key)
      const parents = current ? [local, ...heads.filter(({ key }) => key !== local.key)] : heads
      const [newest, ...others] = parents
      if (newest && !current) manifest = await replaceManifest(vault, manifest, file, newest, options)
      const known = new Set(listed.map(recordName))
      const chain = new HostChain({ vault, host, folder, runId, manifest, parents, known })
      if (readOnly) return chain
      if (current || !newest) chain.#takeOverUncommitted(local?.record.sequence ?? 0, now)
      for (const { record } of others)
        await importBranch(vault, manifest, record, chain.sequence, folder, options)
      markUse(manifest, now)
      return chain
    } catch (error) {
      manifest.close()
      throw error
    }
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
    const manifests = await this.#uploadManifest(sequence, created, draft.complete, options)
    const record: SnapshotRecord = {
      ...draft,
      version: 1,
      host: this.#host,
      runId: this.runId,
      sequence,
      created: created.toISOString(),
      parents: this.#parents.map(({ record, sha256 }) => ({
        sequence: record.sequence,
        runId: record.runId,
        sha256: sha256.toString('hex'),
      })),
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

  /** @param committed the sequence of the last record whose rows the working copy holds. */
  #takeOverUncommitted(committed: number, now: Date): void {
    const uncommitted = uncommittedRows(this.manifest, now)
    if (uncommitted === 'usable') this.manifest.adoptUncommitted(committed, this.sequence)
    if (uncommitted === 'outdated') {
      this.manifest.dropUncommitted(committed)
      markClean(this.manifest)
    }
  }

  /** Writing the file is synchronous, and moves the sequence on before anything else can write a row. */
  async #uploadManifest(
    sequence: number,
    created: Date,
    complete: boolean,
    options: CallOptions,
  ): Promise<StoredManifest[]> {
    this.sequence = sequence + 1
    if (!this.manifest.hasNews && this.#chain.length > 0) return this.#chain
    const file = join(this.#folder, 'upload.sqlite')
    try {
      this.manifest.addSnapshot({ sequence, runId: this.runId, created, complete })
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
