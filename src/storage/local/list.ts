import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../../shared/errors.ts'
import { walkTree, type TreeEntry } from '../tree.ts'
import type { ListedObject } from '../storage.ts'

/** How many files are looked at together. */
const batchSize = 64

/** The files below `root` as {@link walkTree} finds them, with their sizes. */
export async function* listFolder(
  root: string,
  range: { prefix: string; after: string },
): AsyncGenerator<ListedObject, void, undefined> {
  let keys: string[] = []
  for await (const { key } of walkTree((folder) => entriesOf(join(root, folder)), range)) {
    keys.push(key)
    if (keys.length < batchSize) continue
    yield* sized(root, keys)
    keys = []
  }
  yield* sized(root, keys)
}

async function entriesOf(path: string): Promise<TreeEntry<Dirent>[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .map((entry) => ({ name: entry.name, file: entry.isFile() ? entry : undefined }))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

async function* sized(root: string, keys: string[]): AsyncGenerator<ListedObject, void, undefined> {
  const sizes = await Promise.all(keys.map((key) => fileSize(join(root, key))))
  for (const [index, key] of keys.entries()) {
    const size = sizes[index]
    if (size !== undefined) yield { key, size }
  }
}

/** Undefined for a file that was removed since its folder was read. */
async function fileSize(path: string): Promise<number | undefined> {
  try {
    return (await lstat(path)).size
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
