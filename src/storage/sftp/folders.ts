import { dirname, join } from 'node:path/posix'
import { UserError } from '../../shared/errors.ts'
import type { CallOptions } from '../storage.ts'
import type { SftpChannel } from './channel.ts'
import { SftpFile } from './file.ts'
import { look, makeFolder } from './requests.ts'

/** The folders below a root on the server, each made and looked at once. They are named relative to the root, `.`. */
export class SftpFolders {
  readonly #root: string
  readonly #syncs: boolean
  readonly #made = new Map([['.', Promise.resolve()]])

  /** @param syncs whether the server can bring the names in a folder onto its disk. */
  constructor(root: string, { syncs }: { syncs: boolean }) {
    this.#root = root
    this.#syncs = syncs
  }

  /** Makes the folder unless it is there, and brings its name onto the disk. Others may wait for the same: no signal ends it. */
  async make(channel: SftpChannel, folder: string): Promise<void> {
    let making = this.#made.get(folder)
    if (making === undefined) {
      making = this.#make(channel, folder)
      this.#made.set(folder, making)
    }
    try {
      await making
    } catch (error) {
      this.#made.delete(folder)
      throw error
    }
  }

  /** Brings the names in a folder onto the disk, where the server can. */
  async sync(channel: SftpChannel, folder: string, options: CallOptions): Promise<void> {
    if (!this.#syncs) return
    using handle = await SftpFile.open(channel, this.#at(folder), 'r', options)
    await handle.sync(options)
  }

  async #make(channel: SftpChannel, folder: string): Promise<void> {
    await this.make(channel, dirname(folder))
    const path = this.#at(folder)
    try {
      await makeFolder(channel, path, {})
    } catch (error) {
      // That it is there already is told as a failure like any other.
      const found = await look(channel, path, {})
      if (found === undefined) throw error
      if (!found.isDirectory()) throw notAFolder(path)
    }
    // Also where it was there already: whoever made it may have been killed before this.
    await this.sync(channel, dirname(folder), {})
  }

  #at(folder: string): string {
    return join(this.#root, folder)
  }
}

function notAFolder(path: string): UserError {
  return new UserError(`${path} is not a folder`, {
    hint: 'A vault on a server holds only files and folders.',
  })
}
