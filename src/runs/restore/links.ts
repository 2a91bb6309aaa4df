import { lstatSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import type { SnapshotView, ViewEntry } from '../../manifest/view.ts'
import { fsPath, pathFromBytes } from '../../shared/bytePath.ts'
import type { FileChoices } from './files.ts'
import { setLinkMetadata } from './metadata.ts'
import { PathError, type RestoreFolder } from './restoreFolder.ts'
import type { RestoreTally } from './tally.ts'
import { TemporaryNames } from './temporary.ts'

/** Restores the symbolic links. They come after all files, so that nothing is ever written through one. */
export function restoreLinks(
  view: SnapshotView,
  folder: RestoreFolder,
  tally: RestoreTally,
  choices: FileChoices,
  signal: AbortSignal,
): void {
  const names = new TemporaryNames()
  for (const entry of view.symlinks()) {
    signal.throwIfAborted()
    if (choices.filter && !choices.filter(entry.path)) continue
    tally.attempt(entry.path, folder.root, () => restoreLink(entry, folder, tally, choices, names))
  }
}

function restoreLink(
  entry: ViewEntry,
  folder: RestoreFolder,
  tally: RestoreTally,
  { overwrite, contentOnly }: FileChoices,
  names: TemporaryNames,
): void {
  const path = folder.place(entry.path)
  const target = entry.target ?? ''
  const stats = lstatSync(fsPath(path), { throwIfNoEntry: false })
  if (stats?.isSymbolicLink() && overwrite !== 'always' && targetOf(path) === target) {
    tally.counts.already += 1
    return
  }
  if (stats?.isDirectory()) throw new PathError('kept', 'a folder is in its place')
  if (stats && overwrite === 'never') throw new PathError('kept', 'something else is there, and stays')
  const temporary = fsPath(names.beside(path))
  symlinkSync(fsPath(target), temporary)
  try {
    if (!contentOnly && !setLinkMetadata(temporary, entry)) tally.counts.ownersNotSet += 1
    renameSync(temporary, fsPath(path))
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  tally.counts.symlinks += 1
}

function targetOf(path: string): string {
  return pathFromBytes(readlinkSync(fsPath(path), { encoding: 'buffer' }))
}
