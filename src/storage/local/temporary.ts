import { randomUUID } from 'node:crypto'
import { lstat, open, readdir, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../../shared/errors.ts'
import { temporaryFolder } from '../keys.ts'
import type { LocalFolders } from './folders.ts'

const dayMs = 24 * 60 * 60 * 1000

export interface TemporaryFile extends AsyncDisposable {
  path: string
  handle: FileHandle
}

/** Files being written. They lie in one folder of the root's, so that each can be linked to its final name. */
export class LocalTemporary {
  readonly #root: string
  readonly #folders: LocalFolders
  #swept: Promise<void> | undefined

  constructor(root: string, folders: LocalFolders) {
    this.#root = root
    this.#folders = folders
  }

  /** A new, empty file. Disposing of it closes and removes it. */
  async create(): Promise<TemporaryFile> {
    await this.#folders.make(temporaryFolder)
    this.#swept ??= this.#sweep()
    await this.#swept
    const path = join(this.#root, temporaryFolder, randomUUID())
    const handle = await open(path, 'wx', 0o600)
    return {
      path,
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

  /** Removes what killed processes left here. A file that nobody wrote to for a day has no writer any more. */
  async #sweep(): Promise<void> {
    const folder = join(this.#root, temporaryFolder)
    for (const name of await readdir(folder)) {
      const path = join(folder, name)
      if (Date.now() - (await lastWrite(path)) > dayMs) await rm(path, { force: true })
    }
  }
}

/** Milliseconds since 1970; the end of time for a file that is gone already. */
async function lastWrite(path: string): Promise<number> {
  try {
    return (await lstat(path)).mtimeMs
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return Infinity
    throw error
  }
}
