import { lstatSync, type BigIntStats } from 'node:fs'
import { fsPath } from '../../shared/bytePath.ts'
import { PathError } from './restoreFolder.ts'
import type { FileTarget } from './target.ts'

/**
 * What to do with a file that is there and is not the one of the snapshot. `never`: it stays, and is told. `changed`: it
 * is replaced. `always`: even files that look the same are written anew.
 */
export type Overwrite = 'never' | 'changed' | 'always'

/** What a file that is to be restored finds in its place. */
export type Found = 'write' | 'already' | FileTarget['ifOther']

/**
 * Looks at what is in a file's place. A file of the same size and time of change is taken for the same: that is how an
 * interrupted restore goes on. Where times are not restored, only the bytes can tell, and `ifOther` is the answer.
 * @throws PathError when it has to stay.
 */
export function lookAt(
  path: string,
  file: { size: number; mtime: number },
  options: { overwrite: Overwrite; contentOnly: boolean },
): Found {
  const stats = lstatSync(fsPath(path), { bigint: true, throwIfNoEntry: false })
  if (!stats) return 'write'
  if (stats.isDirectory()) throw new PathError('kept', 'a folder is in its place')
  if (options.overwrite === 'always') return 'write'
  if (stats.isFile() && Number(stats.size) === file.size) {
    if (options.contentOnly) return options.overwrite === 'never' ? 'keep' : 'replace'
    if (microseconds(stats) === file.mtime) return 'already'
  }
  if (options.overwrite === 'never') throw new PathError('kept', 'another file is there, and stays')
  return 'write'
}

/** Cut off as the manifest's view does it. */
function microseconds(stats: BigIntStats): number {
  return Number(stats.mtimeNs / 1000n)
}
