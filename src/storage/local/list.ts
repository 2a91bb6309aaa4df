import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../../shared/errors.ts'
import { isKey } from '../keys.ts'
import type { ListedObject } from '../storage.ts'

/** How many files are looked at together. */
const batchSize = 64

/**
 * The files below `root` whose keys begin with `prefix` and come after `after`, in byte order of the keys. Holds one
 * folder's names at each depth and never the whole tree.
 */
export async function* listFolder(
  root: string,
  { prefix, after }: { prefix: string; after: string },
): AsyncGenerator<ListedObject, void, undefined> {
  const base = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  yield* walk(base)

  async function* walk(folder: string): AsyncGenerator<ListedObject, void, undefined> {
    let files: string[] = []
    for (const name of await sortedNames(join(root, folder))) {
      const key = folder + name
      if (!mayHold(key)) continue
      if (!name.endsWith('/')) files.push(key)
      if (files.length === batchSize || name.endsWith('/')) {
        yield* sized(root, files)
        files = []
      }
      if (name.endsWith('/')) yield* walk(key)
    }
    yield* sized(root, files)
  }

  /** Whether this key, or one in this folder (which ends in a slash), is asked for. */
  function mayHold(key: string): boolean {
    const isFolder = key.endsWith('/')
    if (!isKey(isFolder ? `${key}x` : key)) return false
    return key.startsWith(prefix) && (key > after || (isFolder && after.startsWith(key)))
  }
}

/** The names in a folder, each folder's with a slash behind it: so sorted, `a.b` comes before what lies in `a`. */
async function sortedNames(path: string): Promise<string[]> {
  let entries: Dirent[]
  try {
    entries = await readdir(path, { withFileTypes: true })
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
  return entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort()
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
