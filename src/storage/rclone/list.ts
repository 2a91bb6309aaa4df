import { StorageError } from '../errors.ts'
import type { CallOptions } from '../storage.ts'
import type { TreeEntry } from '../tree.ts'
import type { RcloneEntry, RcloneRemote } from './remote.ts'

/**
 * What lies in a folder, for {@link walkTree}.
 * @throws StorageError when two files have one name, as some remotes allow: nobody could say which is meant.
 */
export async function filesIn(
  remote: RcloneRemote,
  folder: string,
  options: CallOptions,
): Promise<TreeEntry<RcloneEntry>[]> {
  const entries = await remote.folder(folder.slice(0, -1), options)
  const names = new Set<string>()
  for (const { Name: name, IsDir: isFolder } of entries) {
    if (isFolder) continue
    if (names.has(name)) {
      throw new StorageError(`${remote.name} has two files named ${folder}${name}`, {
        transient: false,
        hint: `See them with \`rclone dedupe --dry-run ${remote.name}\`.`,
      })
    }
    names.add(name)
  }
  return entries.map((entry) => ({ name: entry.Name, file: entry.IsDir ? undefined : entry }))
}
