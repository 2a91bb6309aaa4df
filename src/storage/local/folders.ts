import type { BigIntStats, Stats } from 'node:fs'
import { lstat, mkdir, open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorCode, UserError } from '../../shared/errors.ts'

/** What a folder is on this machine, whatever its path: another disk at the same path has another. */
export type FolderIdentity = Pick<BigIntStats, 'dev' | 'ino'>

/**
 * The folders below a root, each looked at once: that it is no symbolic link that leads out of the root and, before
 * anything is created in it, that its own name is safe on the disk. Folders are named relative to the root, which is
 * `.`.
 */
export class LocalFolders {
  readonly #root: string
  readonly #identity: FolderIdentity
  readonly #found = new Set(['.'])
  readonly #durable = new Map([['.', Promise.resolve()]])

  /** @param identity the root's, when it was opened. */
  constructor(root: string, identity: FolderIdentity) {
    this.#root = root
    this.#identity = identity
  }

  /** Whether the folder is there. @throws UserError when it, or a folder above it, is a link or a device. */
  async has(folder: string): Promise<boolean> {
    if (this.#found.has(folder)) return true
    if (!(await this.has(dirname(folder)))) return false
    const path = join(this.#root, folder)
    const stats = await statsOf(path)
    if (stats === undefined || stats.isFile()) return false
    if (!stats.isDirectory()) throw notAFolder(path)
    this.#found.add(folder)
    return true
  }

  /** Makes the folder unless it is there, and brings its name onto the disk. */
  async make(folder: string): Promise<void> {
    let making = this.#durable.get(folder)
    if (making === undefined) {
      making = this.#make(folder)
      this.#durable.set(folder, making)
    }
    try {
      await making
    } catch (error) {
      this.#durable.delete(folder)
      throw error
    }
  }

  /** Brings the names in a folder onto the disk. */
  async sync(folder: string): Promise<void> {
    await using handle = await open(join(this.#root, folder))
    await handle.sync()
  }

  async #make(folder: string): Promise<void> {
    await this.make(dirname(folder))
    if (dirname(folder) === '.') await this.#requireSameRoot()
    const path = join(this.#root, folder)
    try {
      await mkdir(path, { mode: 0o700 })
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    }
    if (!(await this.has(folder))) throw notAFolder(path)
    // Also where it was there already: whoever made it may have been killed before this.
    await this.sync(dirname(folder))
  }

  /** Where a disk was unmounted, its mount point is an empty folder on another disk, and nothing may be made there. */
  async #requireSameRoot(): Promise<void> {
    const { dev, ino } = await stat(this.#root, { bigint: true })
    if (dev === this.#identity.dev && ino === this.#identity.ino) return
    throw new UserError(`${this.#root} is no longer the folder that was opened`, {
      hint: 'Its disk was unmounted, or another was mounted there. Mount the right one, and try again.',
    })
  }
}

function notAFolder(path: string): UserError {
  return new UserError(`${path} is not a folder`, { hint: 'A vault on disk holds only files and folders.' })
}

async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
