import type { StorageOptions } from '../../storage/options.ts'
import { DataKeyRing } from '../../vault/dataKeys.ts'
import type { Vault, VaultIdentity } from '../../vault/vault.ts'
import type { OpenedSnapshot } from '../openSnapshot.ts'
import { objectsOf, readContent, type ReadObject } from '../read/object.ts'
import type { ObjectOutcome } from '../read/outcome.ts'
import { ContentReader } from '../read/reader.ts'
import { dumpMetadata, dumpObject, type WantedDump } from './dumpFile.ts'
import { fileTarget, wantedContents, type FileChoices } from './files.ts'
import type { RestoreFolder } from './restoreFolder.ts'
import type { RestoreTally } from './tally.ts'
import type { FileReport, RestoreContent } from './target.ts'

interface FilesContext {
  vault: Vault
  storage: StorageOptions
  identity: VaultIdentity
  snapshot: OpenedSnapshot
  folder: RestoreFolder
  tally: RestoreTally
  choices: FileChoices
  dump: WantedDump | undefined
  /** About how many bytes there are to restore. */
  expectedBytes: number
  /** Hears of the bytes that are done. */
  onBytes: (bytes: number) => void
  signal: AbortSignal
}

/** Fetches all wanted contents and has worker threads write them to their paths. */
export async function restoreFiles(context: FilesContext): Promise<void> {
  const { vault, storage, identity, tally, expectedBytes, signal } = context
  const keys = new DataKeyRing(vault, identity)
  const script = new URL('./restoreWorker.ts', import.meta.url)
  await using reader = new ContentReader({
    vault,
    storage,
    keys,
    expectedBytes,
    signal,
    worker: { script, task: undefined },
  })
  let underWay = 0
  await reader.read<RestoreContent, FileReport>(wantedObjects(context), {
    level: 'wanted',
    onBytes: (bytes) => {
      underWay += bytes
      context.onBytes(tally.counts.bytes + underWay)
    },
    onOutcome: (outcome, object) => {
      tally.counts.bytes += outcome.bytes
      underWay -= outcome.bytes
      tellFailures(tally, outcome, object)
    },
    onReport: (report) => tally.add(report),
  })
}

function* wantedObjects(context: FilesContext): Generator<ReadObject<RestoreContent>, void, undefined> {
  const { vault, snapshot, folder, tally, choices, dump } = context
  const { view, db } = snapshot
  // Contents are told apart by numbers of our own: one with very many paths is there several times.
  let id = 0
  if (dump) {
    const entry = { path: dump.treePath, ...dumpMetadata(dump, view) }
    const target = fileTarget(entry, dump.size, folder, tally, choices)
    if (target) yield dumpObject(dump, id++, target)
  }
  const contents = wantedContents(view, folder, tally, choices)
  yield* objectsOf(vault, db, contents, (content) => ({
    ...readContent(content),
    id: id++,
    targets: content.targets,
  }))
}

function tellFailures(
  tally: RestoreTally,
  { failed }: ObjectOutcome,
  object: ReadObject<RestoreContent>,
): void {
  for (const { id, targets } of object.contents) {
    const failure = failed.get(id)
    if (!failure) continue
    for (const { treePath } of targets) tally.problem({ path: treePath, ...failure })
  }
}
