import { opendir } from 'node:fs/promises'
import type { Dirent } from 'node:fs'
import { openLibraryFile, NotAFileError } from '../../immich/libraryFile.ts'
import { fsPath, pathFromBytes, printablePath } from '../../shared/bytePath.ts'
import { errorCode } from '../../shared/errors.ts'
import type { TrialVerdict } from '../../storage/trial.ts'

/** Permissions go wrong by folder or by user, so a hundred files at random places show it. */
const descents = 100
/** Of a folder so many names are enough to choose from. */
const namesSeen = 1000

/**
 * Opens some files below folders, each at the end of a random way down.
 * @param roots absolute paths.
 * @param isIgnored tells of a path below a root whether backups leave it out.
 */
export async function readableFiles(
  roots: readonly string[],
  isIgnored: (path: string) => boolean,
): Promise<TrialVerdict> {
  const seen = new Map<string, string | undefined>()
  for (let i = 0; i < descents; i++) {
    const root = roots[i % roots.length]
    if (root === undefined) break
    const { path, code } = await descend(root, isIgnored)
    if (path !== root || code !== undefined) seen.set(path, code)
  }
  const unreadable = [...seen].filter(([, code]) => code !== undefined)
  const [first] = unreadable
  if (!first) return { result: 'good', detail: `all that were tried, ${seen.size} at random` }
  return {
    result: 'bad',
    detail: `${unreadable.length} of ${seen.size} that were tried can't be read, such as ${printablePath(first[0])} (${first[1]})`,
    remedy: 'Run backups as a user who may read everything there: as Immich does, or as root.',
  }
}

/** Where a random way down ends, and why it can't be read there; no code for a file that can, and for a dead end. */
async function descend(
  root: string,
  isIgnored: (path: string) => boolean,
): Promise<{ path: string; code?: string | undefined }> {
  let path = root
  try {
    for (;;) {
      const entries = await someEntries(path)
      const usable = entries.filter(
        (entry) =>
          (entry.isDirectory() || entry.isFile()) &&
          !isIgnored(`${path}/${nameOf(entry)}`.slice(root.length + 1)),
      )
      const entry = usable[Math.floor(Math.random() * usable.length)]
      if (entry === undefined) return { path: root }
      path = `${path}/${nameOf(entry)}`
      if (entry.isDirectory()) continue
      await readFirstByte(path)
      return { path }
    }
  } catch (error) {
    const code = errorCode(error)
    // What goes away meanwhile is no concern.
    if (code === 'ENOENT' || error instanceof NotAFileError) return { path: root }
    if (code === undefined) throw error
    return { path, code }
  }
}

async function someEntries(folder: string): Promise<Dirent[]> {
  const entries: Dirent[] = []
  // As latin1 every byte of a name is a letter.
  for await (const entry of await opendir(fsPath(folder), { encoding: 'latin1' })) {
    entries.push(entry)
    if (entries.length === namesSeen) break
  }
  return entries
}

function nameOf({ name }: Dirent): string {
  return pathFromBytes(Buffer.from(name, 'latin1'))
}

async function readFirstByte(path: string): Promise<void> {
  const { handle } = await openLibraryFile(path)
  try {
    await handle.read(Buffer.alloc(1), 0, 1, 0)
  } finally {
    await handle.close()
  }
}
