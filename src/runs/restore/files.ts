import type { ContentLocation, SnapshotView, ViewEntry } from '../../manifest/view.ts'
import { lookAt, type Overwrite } from './overwrite.ts'
import type { RestoreFolder } from './restoreFolder.ts'
import type { PathFilter } from './select.ts'
import type { RestoreTally } from './tally.ts'
import type { FileTarget, PathMetadata } from './target.ts'

export interface FileChoices {
  filter: PathFilter | undefined
  overwrite: Overwrite
  contentOnly: boolean
}

/** A content with the paths that are to be written with it. */
export interface WantedContent extends ContentLocation {
  targets: FileTarget[]
}

/** A content with more paths is fetched again for the further ones, so that no manifest can fill our memory. */
const targetsAtOnce = 1000

/** The contents to be fetched, in the view's order. What is there already, or can't be restored, goes to the tally. */
export function* wantedContents(
  view: SnapshotView,
  folder: RestoreFolder,
  tally: RestoreTally,
  choices: FileChoices,
): Generator<WantedContent, void, undefined> {
  let wanted: WantedContent | undefined
  for (const { entry, content } of view.filesByContent()) {
    const target = fileTarget(entry, content.size, folder, tally, choices)
    if (!target) continue
    if (wanted && (wanted.id !== content.id || wanted.targets.length === targetsAtOnce)) {
      yield wanted
      wanted = undefined
    }
    wanted ??= { ...content, targets: [] }
    wanted.targets.push(target)
  }
  if (wanted) yield wanted
}

/** How a file is to be restored, or undefined when it is not. */
export function fileTarget(
  entry: Pick<ViewEntry, 'path'> & PathMetadata,
  size: number,
  folder: RestoreFolder,
  tally: RestoreTally,
  choices: FileChoices,
): FileTarget | undefined {
  const { path: treePath, mode, uid, gid, atime, mtime } = entry
  if (choices.filter && !choices.filter(treePath)) return undefined
  return tally.attempt(treePath, folder.root, () => {
    const path = folder.place(treePath)
    const found = lookAt(path, { size, mtime }, choices)
    if (found === 'already') {
      tally.counts.already += 1
      tally.counts.bytes += size
      return undefined
    }
    const metadata = choices.contentOnly ? undefined : { mode, uid, gid, atime, mtime }
    return { treePath, path, metadata, ifOther: found === 'write' ? undefined : found }
  })
}
