import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CatalogueEntry } from '../../immich/catalogue.ts'
import { fsPath, printablePath } from '../../shared/bytePath.ts'
import { errorCode } from '../../shared/errors.ts'
import type { TrialVerdict } from '../../storage/trial.ts'

/** A library that is not the database's has none of its files, so a few tell. A backup looks for every one. */
const enough = 100

/** Whether the library has the originals that the database names. Undefined where it names none yet. */
export async function checkNamedFiles(
  library: string,
  catalogue: AsyncIterable<CatalogueEntry>,
): Promise<TrialVerdict | undefined> {
  const missing: string[] = []
  let looked = 0
  for await (const { kind, path, required, offline, outside } of catalogue) {
    if (kind !== 'original' || !required || offline || outside) continue
    if (!(await isThere(join(library, path)))) missing.push(path)
    looked += 1
    if (looked === enough) break
  }
  const [example] = missing
  if (looked === 0) return undefined
  if (example === undefined)
    return { result: 'good', detail: `the library has those that were looked for, ${looked}` }
  const detail = `${missing.length} of ${looked} are not in ${library}, such as ${printablePath(example)}`
  if (missing.length < looked)
    return {
      result: 'weak',
      detail,
      remedy: 'See whether Immich still shows them. A backup tells all that are missing.',
    }
  const remedy = 'The library is that of another Immich, or not mounted where Immich has it.'
  return { result: 'bad', detail, remedy }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(fsPath(path))
    return true
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined) throw error
    // What may not be looked at is there, and told elsewhere.
    return code !== 'ENOENT' && code !== 'ENOTDIR'
  }
}
