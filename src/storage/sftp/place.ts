import { dirname, join } from 'node:path/posix'
import { UserError } from '../../shared/errors.ts'
import { ObjectExistsError, StorageError } from '../errors.ts'
import { temporaryFolder } from '../keys.ts'
import type { SftpOptions } from '../options.ts'
import type { CallOptions } from '../storage.ts'
import { findAbilities, type Abilities } from './abilities.ts'
import type { SftpChannel } from './channel.ts'
import { addressOf } from './connect.ts'
import type { SftpConnections } from './connections.ts'
import { answerError, status, statusOf } from './errors.ts'
import { SftpFile } from './file.ts'
import { SftpFolders } from './folders.ts'
import { freeSpace, linkFile, look, realPath, removeFile, renameFile } from './requests.ts'

/** So little space counts as none, in bytes: file systems keep some back. */
const littleSpace = 1024 * 1024
/** How long it may take to clear away after a failure, in milliseconds. */
const clearMs = 10_000

/** A folder on a server: how anything in it is reached, and what the server can do. */
export class SftpPlace {
  readonly location: string
  readonly abilities: Abilities
  readonly folders: SftpFolders
  readonly #root: string
  readonly #connections: SftpConnections

  /** @throws UserError when there is no such folder; as {@link SftpConnections.lease}. */
  static async find(
    { user, path, ...server }: SftpOptions,
    connections: SftpConnections,
    options: CallOptions,
  ): Promise<SftpPlace> {
    const location = `sftp://${user}@${addressOf(server)}/${path.replace(/^\/+/, '')}`
    using lease = await connections.lease(options)
    const { channel } = lease
    try {
      const root = await realPath(channel, path, options)
      const found = await look(channel, root, options)
      if (!found?.isDirectory()) throw missingFolder(location)
      return new SftpPlace(location, root, connections, await findAbilities(channel, root, options))
    } catch (error) {
      if (statusOf(error) === status.noSuchFile) throw missingFolder(location)
      throw answerError(error, { location, isFull: false })
    }
  }

  private constructor(location: string, root: string, connections: SftpConnections, abilities: Abilities) {
    this.location = location
    this.abilities = abilities
    this.folders = new SftpFolders(root, { syncs: abilities.syncsFolders })
    this.#root = root
    this.#connections = connections
  }

  /** The path of what is named relative to the root. */
  at(name: string): string {
    return join(this.#root, name)
  }

  /** Does something over one connection. What it throws comes out as an error of the storage contract. */
  async call<T>(options: CallOptions, work: (channel: SftpChannel) => Promise<T>): Promise<T> {
    using lease = await this.#connections.lease(options)
    try {
      return await work(lease.channel)
    } catch (error) {
      throw await this.#contractError(error, lease.channel)
    }
  }

  /** The same for what gives something bit by bit. */
  async *stream<T>(
    options: CallOptions,
    work: (channel: SftpChannel) => AsyncGenerator<T, void, undefined>,
  ): AsyncGenerator<T, void, undefined> {
    using lease = await this.#connections.lease(options)
    try {
      yield* work(lease.channel)
    } catch (error) {
      throw await this.#contractError(error, lease.channel)
    }
  }

  /** The path of a temporary file, once there is a folder for it. */
  async temporary(channel: SftpChannel, file: string): Promise<string> {
    await this.folders.make(channel, temporaryFolder)
    return this.temporaryPath(file)
  }

  temporaryPath(file: string): string {
    return this.at(`${temporaryFolder}/${file}`)
  }

  /**
   * Brings what was written to a file onto the server's disk, as far as the server can, and closes it.
   * @throws StorageError when it has another length than what was written to it.
   */
  async settle(file: SftpFile, key: string, written: number, options: CallOptions): Promise<void> {
    const synced = this.abilities.syncsFiles ? file.sync(options) : undefined
    const [size] = await Promise.all([file.size(options), synced])
    if (size !== written) {
      throw new StorageError(`${written} bytes of ${key} were written, ${size} arrived`, { transient: false })
    }
    await file.close(options)
  }

  /**
   * Gives a settled temporary file its key as a name. Where the server can't link, it is looked first, and then renamed:
   * most servers refuse a name that is taken, but the protocol does not make them.
   * @throws ObjectExistsError
   */
  async publish(channel: SftpChannel, temporary: string, key: string, options: CallOptions): Promise<void> {
    await this.folders.make(channel, dirname(key))
    const [from, to] = [this.temporaryPath(temporary), this.at(key)]
    let taken: unknown
    try {
      if (this.abilities.links) await linkFile(channel, from, to, options)
      else if (await look(channel, to, options)) taken = new Error(`found before the rename: ${to}`)
      else await renameFile(channel, from, to, options)
    } catch (error) {
      // A name that is taken is told as a failure like any other.
      if (statusOf(error) === undefined || !(await look(channel, to, options))) throw error
      taken = error
    }
    // Also when the name was taken: its creator may have been killed before this, and the caller may rely on it now.
    await this.folders.sync(channel, dirname(key), options)
    if (taken !== undefined) throw new ObjectExistsError(key, { cause: taken })
  }

  /**
   * Removes a temporary file, also after an abort. One that can't be removed, because the connection broke or the account
   * may not, is no reason to fail what was done or to hide why it failed: it is told as a leftover.
   */
  async discard(temporary: string): Promise<void> {
    const options = { signal: AbortSignal.timeout(clearMs) }
    try {
      await this.call(
        options,
        async (channel) => await removeFile(channel, this.temporaryPath(temporary), options),
      )
    } catch {
      // See above.
    }
  }

  async close(): Promise<void> {
    await this.#connections.close()
  }

  async #contractError(error: unknown, channel: SftpChannel): Promise<unknown> {
    const isFull = statusOf(error) === status.failure && (await this.#isFull(channel))
    return answerError(error, { location: this.location, isFull })
  }

  /** The protocol has no answer that says so. */
  async #isFull(channel: SftpChannel): Promise<boolean> {
    if (!this.abilities.tellsSpace) return false
    const { bytes, files } = await freeSpace(channel, this.#root, { signal: AbortSignal.timeout(clearMs) })
    return bytes < littleSpace || files < 1
  }
}

function missingFolder(location: string): UserError {
  return new UserError(`there is no folder ${location}`, {
    hint: 'Create it there, or mount the disk that holds it.',
  })
}
