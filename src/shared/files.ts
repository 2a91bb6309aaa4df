import { randomBytes } from 'node:crypto'
import { chown, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errorCode } from './errors.ts'

/** A file's text; undefined where there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    return undefined
  }
}

/**
 * Creates a file whose content survives a power cut once the promise resolves.
 * @param mode permission bits, whatever the umask.
 * @throws EEXIST when anything has that name already; a file that could not be written whole is taken away again.
 */
export async function createFile(path: string, content: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.chmod(mode)
    await file.writeFile(content)
    await file.sync()
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
  await syncFolder(dirname(path))
}

/**
 * Replaces a file in one step: a reader sees the old content or the new one, also after a power cut. The file keeps
 * its mode and owner.
 */
export async function replaceFile(path: string, content: string): Promise<void> {
  const { mode, uid, gid } = await stat(path)
  await writeWhole(path, content, mode & 0o7777, { uid, gid })
}

/**
 * Writes a file in one step, whether or not it is there already: a reader sees the old content, or the new one whole.
 * @param mode permission bits, whatever the umask.
 * @param owner whose it is; without it, this process's user's.
 */
export async function writeWhole(
  path: string,
  content: string,
  mode: number,
  owner?: { uid: number; gid: number },
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await createFile(temporary, content, mode)
    if (owner) await chown(temporary, owner.uid, owner.gid)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Makes the names in a folder durable: those that were just created or renamed there. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
