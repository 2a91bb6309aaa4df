import { UserError } from '../../shared/errors.ts'
import type { StorageOptions } from '../../storage/options.ts'
import type { Vault, VaultIdentity } from '../../vault/vault.ts'
import type { OpenedSnapshot } from '../openSnapshot.ts'
import type { SnapshotView } from '../../manifest/view.ts'
import type { FrozenObjects } from '../thaw/frozenObjects.ts'
import type { ThawChoice } from '../thaw/thaw.ts'
import { wantedDump } from './dumpFile.ts'
import type { FileChoices } from './files.ts'
import { SteadyFlush } from './flush.ts'
import { completeMediaRoot, finishFolders } from './folders.ts'
import { restoreLinks } from './links.ts'
import type { Overwrite } from './overwrite.ts'
import { refuseProtected, type ProtectedFolder } from './protect.ts'
import { restoreFiles } from './restoreFiles.ts'
import { RestoreFolder } from './restoreFolder.ts'
import { pathFilter, selectedTotals } from './select.ts'
import { requireSpace } from './space.ts'
import { RestoreTally } from './tally.ts'
import { thawNeeded } from './thawNeeded.ts'

export interface RestoreOptions {
  vault: Vault
  /** How worker threads reach the vault's storage. */
  storage: StorageOptions
  identity: VaultIdentity
  snapshot: OpenedSnapshot
  /** The folder to restore to; made when it is not there. */
  to: string
  /** Only paths of the vault's tree that fit this pattern. Without it, the folder becomes a whole media root. */
  path?: string | undefined
  /** Bytes only: no owner, mode or times. */
  contentOnly: boolean
  overwrite: Overwrite
  /** What to do about objects in archive classes. */
  thawing?: ThawChoice | undefined
  /** Folders that must not be written into: the library, other sources, the vault itself. */
  protectedFolders: readonly ProtectedFolder[]
  now: () => Date
  onProgress: (progress: RestoreProgress) => void
  signal: AbortSignal
}

/** How far a restore is. */
export interface RestoreProgress {
  phase: 'files' | 'folders' | 'flushing'
  filesDone: number
  filesTotal: number
  bytesDone: number
  bytesTotal: number
}

export interface RestoreResult {
  /** Absolute path of the folder. */
  root: string
  tally: RestoreTally
  /** Where the database dump lies, in the vault's tree; undefined when there is none, or it was not wanted. */
  dump: string | undefined
  /** What has to be thawed first: as long as this is not nothing, nothing was restored. */
  pending: FrozenObjects
}

/**
 * Restores a snapshot, or a part of it, into a folder. Files appear under their names only whole, proven and with their
 * metadata; running it again goes on where it stopped. What could not be restored is in the result's tally.
 * @throws UserError before anything is written when the folder won't do; when the disk is full; the signal's reason.
 */
export async function restore(options: RestoreOptions): Promise<RestoreResult> {
  const { snapshot, to, path, contentOnly, overwrite, now, onProgress, signal } = options
  refuseProtected(to, options.protectedFolders)
  const choices: FileChoices = { filter: pathFilter(path), overwrite, contentOnly }
  const { view } = snapshot
  const dump = wantedDump(snapshot.record, choices)
  const totals = selectedTotals(view, choices.filter)
  if (dump) {
    totals.files += 1
    totals.bytes += dump.size
  }
  const folder = new RestoreFolder(to, { folderMode: contentOnly ? 0o777 : 0o700 })
  requireSpace(folder.root, view, choices.filter, totals.bytes)

  const tally = new RestoreTally()
  const pending = await thawNeeded(options, folder, choices, dump)
  if (pending.total.objects > 0) return { root: folder.root, tally, dump: undefined, pending }
  const report = (phase: RestoreProgress['phase'], bytesDone = tally.counts.bytes): void => {
    const filesDone = tally.counts.restored + tally.counts.already
    onProgress({ phase, filesDone, filesTotal: totals.files, bytesDone, bytesTotal: totals.bytes })
  }
  using flush = new SteadyFlush(folder.root, signal)
  await restoreFiles({
    ...options,
    folder,
    tally,
    choices,
    dump,
    expectedBytes: totals.bytes,
    onBytes: (bytes) => {
      report('files', bytes)
      flush.written(bytes)
    },
  })
  tellLostContents(view, tally, choices)
  report('folders')
  restoreLinks(view, folder, tally, choices, signal)
  if (!choices.filter) completeMediaRoot(view, folder, tally, choices, now())
  await finishFolders(view, folder, tally, choices, signal)
  if (choices.filter) requireAny(tally, path)
  report('flushing')
  await flush.end()
  return { root: folder.root, tally, dump: dump?.treePath, pending }
}

/** A pattern that fits nothing is a slip of the pen. */
function requireAny({ counts, problemCount }: RestoreTally, pattern: string | undefined): void {
  const { restored, already, directories, symlinks } = counts
  if (restored + already + directories + symlinks + problemCount > 0) return
  throw new UserError(`nothing in the snapshot fits the pattern ${JSON.stringify(pattern)}`, {
    hint: "Paths begin with library/, upload/, profile/, backups/ or sources/; 'safelight ls' shows them.",
  })
}

function tellLostContents(view: SnapshotView, tally: RestoreTally, { filter }: FileChoices): void {
  for (const { path } of view.filesWithoutContent()) {
    if (filter && !filter(path)) continue
    tally.problem({ path, kind: 'missing', message: 'the snapshot does not have its content' })
  }
}
