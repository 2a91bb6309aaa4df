import { closeSync, constants, lstatSync, openSync, writeFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { libraryFolders, markerName } from '../../immich/folders.ts'
import type { SnapshotView } from '../../manifest/view.ts'
import { fsPath } from '../../shared/bytePath.ts'
import type { FileChoices } from './files.ts'
import { setMetadata } from './metadata.ts'
import type { RestoreFolder } from './restoreFolder.ts'
import type { RestoreTally } from './tally.ts'
import type { PathMetadata } from './target.ts'

/**
 * Makes the folders of the snapshot that no file needed, and gives all of them their metadata: last of all, because
 * writing into a folder changes its time, and may not be allowed any more; and those inside first.
 */
export async function finishFolders(
  view: SnapshotView,
  folder: RestoreFolder,
  tally: RestoreTally,
  { filter, contentOnly }: FileChoices,
  signal: AbortSignal,
): Promise<void> {
  let done = 0
  for (const entry of view.directoriesDeepestFirst()) {
    if (filter && !filter(entry.path) && !folder.has(entry.path)) continue
    tally.attempt(entry.path, folder.root, () => {
      const path = folder.makeFolder(entry.path)
      if (!contentOnly) setMetadataOf(path, constants.O_DIRECTORY, entry, tally)
      tally.counts.directories += 1
    })
    if (++done % 1000 > 0) continue
    await turn()
    signal.throwIfAborted()
  }
}

/**
 * Makes a media root that Immich accepts: all six folders with their markers, those included that were not backed up.
 * Immich writes the time in milliseconds into a marker (`createMountFile` in its `storage.service.ts`) and only asks
 * whether it can read and write it.
 */
export function completeMediaRoot(
  view: SnapshotView,
  folder: RestoreFolder,
  tally: RestoreTally,
  { contentOnly }: FileChoices,
  now: Date,
): void {
  const owner = contentOnly ? undefined : ownerOf(view)
  for (const name of libraryFolders) {
    const marker = `${name}/${markerName}`
    tally.attempt(marker, folder.root, () => {
      const path = folder.place(marker)
      if (lstatSync(path, { throwIfNoEntry: false })) return
      writeFileSync(path, String(now.getTime()), { flag: 'wx', mode: 0o644 })
      if (!owner) return
      setMetadataOf(path, 0, { ...owner, ...timesOf(now), mode: 0o644 }, tally)
      if (view.entry(name)) return
      setMetadataOf(folder.makeFolder(name), constants.O_DIRECTORY, { ...owner, ...timesOf(now) }, tally)
    })
  }
}

/** New folders get the owner and mode of one that Immich made. */
export function ownerOf(view: SnapshotView): Pick<PathMetadata, 'uid' | 'gid' | 'mode'> | undefined {
  for (const name of libraryFolders) {
    const entry = view.entry(name)
    if (entry) return { uid: entry.uid, gid: entry.gid, mode: entry.mode }
  }
  return undefined
}

function timesOf(now: Date): Pick<PathMetadata, 'atime' | 'mtime'> {
  return { atime: now.getTime() * 1000, mtime: now.getTime() * 1000 }
}

function setMetadataOf(path: string, flags: number, metadata: PathMetadata, tally: RestoreTally): void {
  const fd = openSync(fsPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | flags)
  try {
    if (!setMetadata(fd, metadata)) tally.counts.ownersNotSet += 1
  } finally {
    closeSync(fd)
  }
}
