import { join } from 'node:path/posix'
import type { CallOptions, ListedObject } from '../storage.ts'
import { walkTree, type TreeEntry } from '../tree.ts'
import type { SftpChannel } from './channel.ts'
import { readFolder } from './requests.ts'

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
  for await (const { key, file } of walkTree(entriesOf, range)) {
    signal?.throwIfAborted()
    yield { key, size: file }
  }
}
