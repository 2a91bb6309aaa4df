import { objectSize } from '../../crypto/envelope.ts'
import { objectsOf, readContent } from '../read/object.ts'
import { FrozenObjects } from '../thaw/frozenObjects.ts'
import { thaw, type NeededObject } from '../thaw/thaw.ts'
import type { WantedDump } from './dumpFile.ts'
import { wantedContents, type FileChoices } from './files.ts'
import type { RestoreOptions } from './restore.ts'
import type { RestoreFolder } from './restoreFolder.ts'
import { RestoreTally } from './tally.ts'

/**
 * Has what a restore needs thawed, where the storage has classes that need it.
 * @returns what can't be read yet; nothing is restored before that is nothing.
 * @throws FrozenError
 */
export async function thawNeeded(
  { vault, snapshot, thawing, signal }: RestoreOptions,
  folder: RestoreFolder,
  choices: FileChoices,
  dump: WantedDump | undefined,
): Promise<FrozenObjects> {
  if (!vault.storage.thawing) return new FrozenObjects()
  return await thaw(vault.storage.thawing, needed, { choice: thawing, signal })

  function* needed(): Generator<NeededObject, void, undefined> {
    // What is there already is not needed; the tally that counts it is that of the restore itself.
    const contents = wantedContents(snapshot.view, folder, new RestoreTally(), choices)
    for (const { key, plaintextSize } of objectsOf(vault, snapshot.db, contents, readContent)) {
      yield { key, size: objectSize(plaintextSize) }
    }
    if (dump) yield { key: dump.stored.key, size: dump.stored.size }
  }
}
