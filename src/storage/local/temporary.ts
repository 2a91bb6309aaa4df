import { lstat, open, readdir, rm, type FileHandle } from 'node:fs/promises'
import { errorCode } from '../../shared/errors.ts'
import { temporaryFolder } from '../keys.ts'
import { abandonedAfterMs } from '../temporaryNames.ts'
import type { LocalDisk } from './disk.ts'

export interface TemporaryFile extends AsyncDisposable {
  /** Relative to the root. */
  name: string
  handle: FileHandle
}

/** Files being written. They lie in one folder of the root's, so that each can be linked to its final name. */
export class LocalTemporary {
  readonly #disk: LocalDisk
  #swept: Promise<void> | undefined

  constructor(disk: LocalDisk) {
    this.#disk = disk
  }

  /** Where a temporary file lies, relative to the root. */
  nameOf(file: string): string {
    return `${temporaryFolder}/${file}`
  }

  /** A new, empty file. Disposing of it closes and removes it. */
  async create(file: string): Promise<TemporaryFile> {
    await this.#disk.folders.make(temporaryFolder)
    this.#swept ??= this.#sweep()
    await this.#swept
    const name = this.nameOf(file)
    const path = this.#disk.at(name)
    const handle = await open(path, 'wx', 0o600)
    return {
      name,
      handle,
      async [Symbol.asyncDispose]() {
        try {
          await handle.close()
        } finally {
          await rm(path, { force: true })
        }
      },
    }
  }

  /** Removes a file; one that is gone already is success. */
  async remove(file: string): Promise<void> {
    await rm(this.#disk.at(this.nameOf(file)), { force: true })
  }

  /** Removes what killed processes left here. */
  async #sweep(): Promise<void> {
    for (const file of await readdir(this.#disk.at(temporaryFolder))) {
      const lastWrite = await this.#lastWrite(file)
      if (Date.now() - lastWrite > abandonedAfterMs(file)) await this.remove(file)
    }
  }

  /** Milliseconds since 1970; the end of time for a file that is gone already. */
  async #lastWrite(file: string): Promise<number> {
    try {
      return (await lstat(this.#disk.at(this.nameOf(file)))).mtimeMs
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return Infinity
      throw error
    }
  }
}
