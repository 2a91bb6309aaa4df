import { join } from 'node:path/posix'
import type { CallOptions, ListedObject } from '../storage.ts'
import { walkTree, type TreeEntry } from '../tree.ts'
import type { SftpChannel } from './channel.ts'
import { look, readFolder } from './requests.ts'

/** The files below a folder of the server as {@link walkTree} finds them. */
export async function* listFolder(
  channel: SftpChannel,
  root: string,
  { signal, ...range }: CallOptions & { prefix: string; after: string },
): AsyncGenerator<ListedObject, void, undefined> {
  const entriesOf = async (folder: string): Promise<TreeEntry<number>[]> => {
    const entries = await readFolder(channel, join(root, folder), { signal })
    return entries
      .filter(({ attrs }) => attrs.isFile() || attrs.isDirectory())
      .map(({ filename, attrs }) => ({ name: filename, file: attrs.isFile() ? attrs.size : undefined }))
  }
  const base = range.prefix.slice(0, range.prefix.lastIndexOf('/') + 1)
  // Servers differ in what they answer for a file, and would follow a link.
  if (base !== '' && !(await look(channel, join(root, base.slice(0, -1)), { signal }))?.isDirectory()) return
  for await (const { key, file } of walkTree(entriesOf, range)) {
    signal?.throwIfAborted()
    yield { key, size: file }
  }
}
