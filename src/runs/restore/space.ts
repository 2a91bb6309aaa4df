import { lstatSync, statfsSync } from 'node:fs'
import type { SnapshotView } from '../../manifest/view.ts'
import { fsPath } from '../../shared/bytePath.ts'
import { UserError } from '../../shared/errors.ts'
import type { PathFilter } from './select.ts'

/**
 * Refuses to begin what can't be finished: a restore that needs more space than the folder's file system has free.
 * Files that are there already take no more.
 * @param needed bytes of all that is to be restored.
 * @throws UserError
 */
export function requireSpace(
  root: string,
  view: SnapshotView,
  filter: PathFilter | undefined,
  needed: number,
): void {
  const { bavail, bsize } = statfsSync(root)
  const free = bavail * bsize
  if (needed <= free) return
  const missing = needed - presentBytes(root, view, filter)
  if (missing <= free) return
  throw new UserError(
    `the restore needs ${gigabytes(missing)} in ${root}, and ${gigabytes(free)} are free there`,
    {
      hint: 'Free some space, choose another folder, or restore a part with --path.',
    },
  )
}

function presentBytes(root: string, view: SnapshotView, filter: PathFilter | undefined): number {
  let bytes = 0
  for (const { path, type, size } of view.entries()) {
    if (type !== 0 || (filter && !filter(path)) || path.includes('\0')) continue
    const stats = lstatSync(fsPath(`${root}/${path}`), { throwIfNoEntry: false })
    if (stats?.size === size) bytes += size
  }
  return bytes
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(bytes < 1e9 ? 3 : 1)} GB`
}
