import { chmod, mkdir, readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Edit } from '../../config/edit.ts'
import { errorCode } from '../../shared/errors.ts'
import { createFile, readIfThere, replaceFile } from '../../shared/files.ts'
import { fileError } from '../fileError.ts'

/**
 * All that the answers come to. Nothing of it is written before the last question, and what then is written can be
 * taken back until the vault is there.
 */
export class Plan {
  /** What the configuration will say. */
  readonly edits: Edit[] = []
  /** Secrets that are not yet where their references say, by reference. */
  readonly secrets = new Map<string, string>()
  /** Files that will hold secrets, by absolute path. */
  readonly files = new Map<string, string>()
  /** Variables that the person has to set. */
  readonly variables = new Set<string>()
  /** What else brings secrets to where they are kept. */
  readonly deliveries: (() => Promise<void>)[] = []
}

/**
 * Writes a file that only its owner can read, and remembers how to take it back. A new folder around it is made, one
 * level deep.
 */
export async function writeSecretFile(
  path: string,
  content: string,
  undo: AsyncDisposableStack,
): Promise<void> {
  await makeFolder(dirname(path), 0o700, undo)
  await writeFile(path, content, 0o600, undo)
}

/** Writes a file, and remembers how to take it back. One that is there keeps its mode and owner. */
export async function writeFile(
  path: string,
  content: string,
  mode: number,
  undo: AsyncDisposableStack,
): Promise<void> {
  try {
    const before = await readIfThere(path)
    if (before === content) return
    if (before === undefined) {
      await createFile(path, content, mode)
      undo.defer(async () => await rm(path, { force: true }))
    } else {
      await replaceFile(path, content)
      undo.defer(async () => await replaceFile(path, before))
    }
  } catch (error) {
    throw fileError(path, error)
  }
}

/** Makes a folder unless it is there, and remembers how to take it back; its parent has to be there. */
export async function makeFolder(path: string, mode: number, undo: AsyncDisposableStack): Promise<void> {
  try {
    await mkdir(path, { mode })
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return
    throw fileError(path, error)
  }
  await chmod(path, mode)
  undo.defer(async () => await removeIfEmpty(path))
}

/** A trial leaves empty folders in it; a file is never removed. */
async function removeIfEmpty(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeIfEmpty(join(path, entry.name))
  }
  try {
    await rmdir(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY') throw error
  }
}
