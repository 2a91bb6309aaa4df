/* Where Immich's library is. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { libraryFolders } from '../../../immich/folders.ts'
import { findInstallations, type Installation, readInstallation } from '../../../immich/installation.ts'
import type { Question } from '../question.ts'
import { absolutePath, homeFolder, type Session } from '../session.ts'
import { isDatabaseKnown } from './database.ts'

const installationQuestion: Question = {
  field: 'immich',
  flag: 'immich',
  ask: 'Which installation of Immich shall be backed up?',
  help: 'The folder with its .env file or its compose file.',
  kind: 'choice',
}

const libraryQuestion: Question = {
  field: 'library',
  flag: 'library',
  ask: "Where is Immich's library?",
  help: 'UPLOAD_LOCATION of its .env file: the folder that holds upload and library. It is only ever read.',
  kind: 'path',
}

/**
 * Finds the installation of Immich that is meant: the one that `--immich` names, else one in the usual places.
 * @returns undefined where there is none, and none is needed.
 */
export async function findImmich(session: Session): Promise<Installation | undefined> {
  const { asker, before, context } = session
  const named = asker.flag('immich')
  if (named !== undefined) return await readInstallation(absolutePath(named, context))
  if (before.library !== undefined && isDatabaseKnown(session)) return undefined
  const found = await findInstallations(context.cwd, homeFolder(context))
  const [only, other] = found
  if (other === undefined || !asker.attended) {
    if (only && !other) asker.tell(`Found Immich in ${placeOf(only)}.`)
    return other ? undefined : only
  }
  const choices = found.map((each) => ({ value: placeOf(each), label: placeOf(each) }))
  const place = await asker.answer({ ...installationQuestion, choices }, { current: choices[0]?.value })
  return found.find((each) => placeOf(each) === place)
}

/** Asks for the library, unless the configuration has it. */
export async function askLibrary(
  { asker, before, plan }: Session,
  installation: Installation | undefined,
): Promise<void> {
  if (before.library !== undefined && asker.flag('library') === undefined) return
  const library = await asker.answer(libraryQuestion, {
    current: installation?.library,
    problem: whyNoLibrary,
  })
  plan.edits.push({ path: ['library'], value: library })
}

function placeOf({ envFile, composeFile }: Installation): string {
  return envFile ?? composeFile ?? ''
}

function whyNoLibrary(path: string): string | undefined {
  if (!existsSync(path)) return `is no folder: there is no ${path}`
  if (libraryFolders.some((folder) => existsSync(join(path, folder)))) return undefined
  return `is no library: ${path} holds none of ${libraryFolders.join(', ')}`
}
