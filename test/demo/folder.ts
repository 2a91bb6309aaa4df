import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorMessage, UserError } from '../../src/shared/errors.ts'

const prefix = 'safelight-demo-'
/** Holds the process id of the demo that made the folder; a folder without it is none of ours. */
const ownerFile = '.demo-process'

/**
 * Makes the folder of this demo, which stays for the reader to look into, and removes those of earlier ones.
 * @param library the reader's own, where nothing may be made.
 * @returns its absolute path, below TMPDIR or /tmp; only its owner may enter.
 * @throws UserError when it would lie in the library.
 */
export async function makeDemoFolder(library: string | undefined): Promise<string> {
  const parent = await realpath(tmpdir())
  if (library !== undefined) await refuseInside(parent, library)
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix)) await removeIfAbandoned(join(parent, name))
  }
  const folder = await mkdtemp(join(parent, prefix))
  await writeFile(join(folder, ownerFile), String(process.pid))
  await mkdir(join(folder, 'vault'))
  return folder
}

async function refuseInside(parent: string, library: string): Promise<void> {
  const root = await realpath(library).catch((error: unknown) => {
    throw new UserError(`the library can't be opened: ${errorMessage(error)}`, { cause: error })
  })
  if (parent !== root && !parent.startsWith(`${root}/`)) return
  throw new UserError(`the demo's folder would lie in the library, which is only read: ${parent}`, {
    hint: 'Set TMPDIR to a folder elsewhere.',
  })
}

/** Another user's folder, and that of a demo that is still at work, stay. */
async function removeIfAbandoned(folder: string): Promise<void> {
  const owner = await readFile(join(folder, ownerFile), 'utf8').catch(() => '')
  if (!/^\d+$/.test(owner) || isRunning(Number(owner))) return
  await rm(folder, { recursive: true, force: true })
}

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0)
  } catch {
    return false
  }
}
