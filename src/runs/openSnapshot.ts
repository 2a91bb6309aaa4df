import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { assembleManifest } from '../manifest/chain.ts'
import { SnapshotView } from '../manifest/view.ts'
import { UserError } from '../shared/errors.ts'
import type { CallOptions } from '../storage/storage.ts'
import type { RecordId, SnapshotRecord } from '../vault/record.ts'
import { listRecords, recordName, requireHead, restorePoints } from '../vault/snapshots.ts'
import type { Vault } from '../vault/vault.ts'
import { chooseSnapshot, type SnapshotChoice } from './chooseSnapshot.ts'
import { fetchChain, UnreadableManifestError } from './fetchChain.ts'
import { readableRecords } from './readableRecords.ts'

/** A record that somebody has seen: a vault that does not show it, or a later one, is hiding something. */
export interface KnownHead {
  head: RecordId
  /** For the message: `the state directory`, `--expect-head`. */
  rememberedBy: string
}

/** A snapshot, open to read. Disposing of it removes the temporary files. */
export interface OpenedSnapshot extends AsyncDisposable {
  record: SnapshotRecord
  db: Database
  view: SnapshotView
  /** What the reader should be told, for people. */
  warnings: string[]
}

/** Refuses a vault that does not show what somebody has seen. @param ids what was listed. @throws UserError */
export function requireHeads(ids: readonly RecordId[], knownHeads: readonly KnownHead[]): void {
  for (const { head, rememberedBy } of knownHeads) requireHead(ids, head, rememberedBy)
}

/** Where to look for a snapshot, and which one. */
export interface SnapshotWish extends CallOptions {
  host: string
  choice: SnapshotChoice
  knownHeads: readonly KnownHead[]
}

/**
 * Finds the record of a snapshot.
 * @throws UserError when there is no such snapshot, its record can't be read, or the vault hides a known head.
 */
export async function findSnapshot(
  vault: Vault,
  { host, choice, knownHeads, signal }: SnapshotWish,
): Promise<{ record: SnapshotRecord; ids: RecordId[]; warnings: string[] }> {
  const ids = await listRecords(vault, host, 0, { signal })
  requireHeads(ids, knownHeads)
  const { record } = await chooseSnapshot(vault, host, ids, choice, { signal })
  return { record, ids, warnings: warningsOf(record, knownHeads) }
}

/**
 * Opens a snapshot of a host.
 * @param wish.folder an existing folder to put temporary files into: about three times the manifest's size.
 * @throws UserError as {@link findSnapshot}, and when a manifest that it needs is lost.
 */
export async function openSnapshot(
  vault: Vault,
  wish: SnapshotWish & { folder: string },
): Promise<OpenedSnapshot> {
  const call = { signal: wish.signal }
  const { record, ids, warnings } = await findSnapshot(vault, wish)
  const folder = await mkdtemp(join(wish.folder, 'safelight-read-'))
  try {
    const { base, deltas } = await fetchChain(vault, record, folder, call)
    const manifest = assembleManifest(base, deltas, join(folder, 'manifest.sqlite'))
    return {
      record,
      db: manifest.db,
      view: new SnapshotView(manifest.db, record.sequence),
      warnings,
      async [Symbol.asyncDispose]() {
        manifest.close()
        await rm(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    if (error instanceof UnreadableManifestError)
      throw await withAlternatives(vault, wish.host, ids, error, call)
    throw error
  }
}

function warningsOf(record: SnapshotRecord, knownHeads: readonly KnownHead[]): string[] {
  const warnings: string[] = []
  if (!record.complete) {
    warnings.push(
      `snapshot ${recordName(record)} is a checkpoint of a run that had not ended: files are missing in it`,
    )
  }
  if (knownHeads.length === 0) {
    warnings.push(
      'this machine remembers no snapshot of this vault, so it could not notice if newer ones were hidden; give --expect-head to be sure',
    )
  }
  return warnings
}

/** The same error, with the newest snapshots that do not need the lost manifest. */
async function withAlternatives(
  vault: Vault,
  host: string,
  ids: readonly RecordId[],
  error: UnreadableManifestError,
  options: CallOptions,
): Promise<UserError> {
  const { records } = await readableRecords(vault, host, ids, options)
  const unharmed = restorePoints(records).filter(({ record }) =>
    record.manifests.every(({ key }) => key !== error.key),
  )
  const names = unharmed.slice(0, 5).map(({ record }) => `${recordName(record)} (${record.created})`)
  return new UserError(error.message, {
    hint:
      names.length > 0
        ? `Choose with --snapshot one that does not need it: ${names.join(', ')}`
        : 'No other snapshot of this host does without it. docs/emergency.md says how to bring files back without a manifest.',
    cause: error,
  })
}
