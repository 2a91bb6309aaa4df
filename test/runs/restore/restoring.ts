import { openSnapshot } from '../../../src/runs/openSnapshot.ts'
import { restore, type RestoreOptions, type RestoreResult } from '../../../src/runs/restore/restore.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { openTestVault, type TestVault } from '../backedUp.ts'

type Wishes = Partial<
  Pick<
    RestoreOptions,
    'path' | 'contentOnly' | 'overwrite' | 'protectedFolders' | 'now' | 'signal' | 'onProgress'
  >
> & { snapshot?: string }

/** Restores a snapshot of a test's vault, the newest unless told otherwise. */
export async function restoreTo(
  test: TestVault,
  to: string,
  { snapshot: name, ...wishes }: Wishes = {},
): Promise<RestoreResult> {
  await using opened = await openTestVault(test)
  await using folder = await temporaryFolder()
  const signal = wishes.signal ?? new AbortController().signal
  await using snapshot = await openSnapshot(opened.vault, {
    host: 'main',
    choice: { snapshot: name },
    knownHeads: [],
    folder: folder.path,
    signal,
  })
  return await restore({
    ...opened,
    snapshot,
    to,
    contentOnly: false,
    overwrite: 'never',
    protectedFolders: [],
    now: () => new Date(),
    onProgress: () => undefined,
    signal,
    ...wishes,
  })
}
