import { access, constants, opendir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import picomatch from 'picomatch'
import type { Config } from '../../config/config.ts'
import { libraryFolders, markerName } from '../../immich/folders.ts'
import { errorCode, UserError } from '../../shared/errors.ts'
import type { Finding } from '../../storage/probe/finding.ts'
import type { TrialVerdict } from '../../storage/trial.ts'
import { readableFiles } from './readableFiles.ts'
import { requireFolder } from './requireFolder.ts'

/** Whether the library is there, is one, and can be read. Nothing is written to find that out. */
export async function* checkLibrary({
  library,
  include,
  ignore,
}: Pick<Config, 'library' | 'include' | 'ignore'>): AsyncGenerator<Finding> {
  if (library === undefined) return
  await requireFolder(library, 'Mount the disk that holds it, or correct `library` in the configuration.')
  const verdict = await isLibrary(library, include)
  yield { what: 'library', ...verdict }
  if (verdict.result === 'bad') return
  const roots = include.map((folder) => join(library, folder))
  yield { what: 'readable files', ...(await readableFiles(roots, picomatch([...ignore], { dot: true }))) }
}

/** @throws UserError when this is something else. */
async function isLibrary(library: string, include: Config['include']): Promise<TrialVerdict> {
  const states = new Map<string, FolderState>()
  for (const name of libraryFolders) states.set(name, await stateOf(join(library, name)))
  const inState = (state: FolderState) => include.filter((name) => states.get(name) === state)
  if (libraryFolders.every((name) => states.get(name) === 'missing')) throw await noLibrary(library)
  const missing = inState('missing')
  if (missing.length > 0) {
    return {
      result: 'bad',
      detail: `${library} has no ${missing.join(', ')}`,
      remedy: 'Mount what is missing. What is not there on purpose is taken out of `include`.',
    }
  }
  const notes = (await isMountedReadOnly(library)) ? ', mounted read-only' : ''
  const unmarked = [...inState('empty'), ...inState('unmarked')]
  if (unmarked.length === 0) return { result: 'good', detail: `${library}${notes}` }
  const empty = inState('empty').length > 0
  return {
    result: 'weak',
    detail: `${library}${notes}; there is no ${markerName} in ${unmarked.join(', ')}`,
    remedy: `Immich keeps that file in each of its folders.${empty ? ' One that is empty may be a disk that is not mounted.' : ''}`,
  }
}

type FolderState = 'marked' | 'unmarked' | 'empty' | 'missing'

async function stateOf(folder: string): Promise<FolderState> {
  try {
    await access(join(folder, markerName))
    return 'marked'
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return 'missing'
    if (errorCode(error) !== 'ENOENT') throw error
  }
  try {
    for await (const _ of await opendir(folder)) return 'unmarked'
    return 'empty'
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'missing'
    throw error
  }
}

async function noLibrary(library: string): Promise<UserError> {
  const parent = dirname(library)
  const isFolderOfOne = (libraryFolders as readonly string[]).includes(basename(library))
  const meant = isFolderOfOne && (await stateOf(join(parent, 'upload'))) !== 'missing'
  return new UserError(`${library} is not Immich's media root: it has none of ${libraryFolders.join(', ')}`, {
    hint: meant
      ? `Set \`library: ${parent}\`, the folder around it.`
      : "Name the folder that Immich's UPLOAD_LOCATION names, and mount the disk that holds it.",
  })
}

async function isMountedReadOnly(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK)
    return false
  } catch (error) {
    return errorCode(error) === 'EROFS'
  }
}
