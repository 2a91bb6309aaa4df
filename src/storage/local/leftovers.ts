import { lstat, readdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { errorCode } from '../../shared/errors.ts'
import { temporaryFolder } from '../keys.ts'
import type { Leftover, Leftovers } from '../leftovers.ts'
import type { CallOptions } from '../storage.ts'
import type { LocalDisk } from './disk.ts'
import type { LocalTemporary } from './temporary.ts'

/** The temporary files. What key they were to become, only whoever wrote them knows. */
export class LocalLeftovers implements Leftovers {
  readonly rule =
    'The next backup removes temporary files that nobody wrote to for a day, and interrupted large uploads after a week.'
  readonly #disk: LocalDisk
  readonly #temporary: LocalTemporary

  constructor(disk: LocalDisk, temporary: LocalTemporary) {
    this.#disk = disk
    this.#temporary = temporary
  }

  async *list({ signal }: CallOptions): AsyncGenerator<Leftover, void, undefined> {
    signal?.throwIfAborted()
    for (const id of await this.#disk.on(namesIn(this.#disk.at(temporaryFolder)))) {
      signal?.throwIfAborted()
      const found = await this.#disk.on(this.#look(id))
      if (found !== undefined) yield found
    }
  }

  async remove({ id }: Leftover, { signal }: CallOptions): Promise<void> {
    signal?.throwIfAborted()
    if (id !== basename(id)) throw new Error(`not a temporary file: ${JSON.stringify(id)}`)
    await this.#disk.on(this.#temporary.remove(id))
  }

  /** Undefined for one that was removed since its folder was read, and for what is no file. */
  async #look(id: string): Promise<Leftover | undefined> {
    try {
      const stats = await lstat(this.#disk.at(this.#temporary.nameOf(id)))
      return stats.isFile() ? { id, key: undefined, time: stats.mtime, size: stats.size } : undefined
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined
      throw error
    }
  }
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}
