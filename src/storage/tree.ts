import { isKey } from './keys.ts'

/** What a folder holds under a name: a file of the storage's own kind, or a folder. */
export interface TreeEntry<File> {
  name: string
  /** Undefined for a folder. */
  file: File | undefined
}

/**
 * The files in a tree of folders whose keys begin with `prefix` and come after `after`, in byte order of the keys.
 * Holds one folder's names at each depth and never the whole tree.
 * @param entriesOf what lies in a folder, whose name is empty for the root and ends in a slash otherwise; nothing for
 *   one that is not there.
 */
export async function* walkTree<File>(
  entriesOf: (folder: string) => Promise<TreeEntry<File>[]>,
  { prefix, after }: { prefix: string; after: string },
): AsyncGenerator<{ key: string; file: File }, void, undefined> {
  yield* walk(prefix.slice(0, prefix.lastIndexOf('/') + 1))

  async function* walk(folder: string): AsyncGenerator<{ key: string; file: File }, void, undefined> {
    for (const { name, file } of inKeyOrder(await entriesOf(folder))) {
      const key = folder + name
      if (!mayHold(key)) continue
      if (file === undefined) yield* walk(key)
      else yield { key, file }
    }
  }

  /** Whether this key, or one in this folder (which ends in a slash), is asked for. */
  function mayHold(key: string): boolean {
    const isFolder = key.endsWith('/')
    if (!isKey(isFolder ? `${key}x` : key)) return false
    return key.startsWith(prefix) && (key > after || (isFolder && after.startsWith(key)))
  }
}

/** Each folder gets a slash behind its name: so sorted, `a.b` comes before what lies in `a`. */
function inKeyOrder<File>(entries: TreeEntry<File>[]): TreeEntry<File>[] {
  return entries
    .map(({ name, file }) => ({ name: file === undefined ? `${name}/` : name, file }))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}
