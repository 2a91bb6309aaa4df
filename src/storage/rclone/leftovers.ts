import { basename } from 'node:path'
import { temporaryFolder } from '../keys.ts'
import type { Leftover, Leftovers } from '../leftovers.ts'
import type { CallOptions } from '../storage.ts'
import type { RcloneRemote } from './remote.ts'

/** Temporary files. What a remote itself keeps of broken uploads, `rclone cleanup` removes where it can. */
export class RcloneLeftovers implements Leftovers {
  readonly rule = undefined
  readonly #remote: RcloneRemote

  constructor(remote: RcloneRemote) {
    this.#remote = remote
  }

  async *list({ signal }: CallOptions): AsyncGenerator<Leftover, void, undefined> {
    for (const entry of await this.#remote.folder(temporaryFolder, { modTime: true, signal })) {
      if (entry.IsDir) continue
      const time = new Date(entry.ModTime ?? 0)
      yield { id: entry.Name, key: undefined, time, size: entry.Size < 0 ? undefined : entry.Size }
    }
  }

  async remove({ id }: Leftover, options: CallOptions): Promise<void> {
    if (id !== basename(id)) throw new Error(`not a temporary file: ${JSON.stringify(id)}`)
    await this.#remote.remove(`${temporaryFolder}/${id}`, options)
  }
}
