import picomatch from 'picomatch'
import type { SnapshotView } from '../../manifest/view.ts'
import { UserError } from '../../shared/errors.ts'

/** Whether a path of the vault's tree is wanted. */
export type PathFilter = (treePath: string) => boolean

/**
 * The filter for a pattern like `library/alice/*.jpg`. One that fits a folder means all that is in it.
 * @throws UserError when it is no valid pattern.
 */
export function pathFilter(glob: string | undefined): PathFilter | undefined {
  if (glob === undefined) return undefined
  const pattern = glob.replace(/^\.?\/+|\/+$/g, '')
  if (pattern === '')
    throw new UserError('the pattern of paths is empty', { hint: "For example: 'library/alice/**'" })
  try {
    // Without `debug`, a pattern that can't be compiled becomes one that matches nothing.
    const options = { dot: true, debug: true }
    return picomatch([pattern, `${pattern}/**`], options)
  } catch (cause) {
    throw new UserError(`${JSON.stringify(glob)} is no valid pattern of paths`, { cause })
  }
}

/** Files of a snapshot, and their bytes, that a filter lets through. */
export function selectedTotals(
  view: SnapshotView,
  filter: PathFilter | undefined,
): { files: number; bytes: number } {
  if (!filter) {
    const { files, bytes } = view.counts()
    return { files, bytes }
  }
  const totals = { files: 0, bytes: 0 }
  for (const { path, type, size } of view.entries()) {
    if (type !== 0 || !filter(path)) continue
    totals.files += 1
    totals.bytes += size ?? 0
  }
  return totals
}
