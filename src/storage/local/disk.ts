import { constants } from 'node:fs'
import { link, open, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorCode } from '../../shared/errors.ts'
import { blockSize, takeBlock } from '../../shared/release.ts'
import { ObjectExistsError, StorageError } from '../errors.ts'
import type { CallOptions } from '../storage.ts'
import { linkError, onDisk } from './errors.ts'
import { LocalFolders, type FolderIdentity } from './folders.ts'

const { O_NOFOLLOW, O_NONBLOCK } = constants

/** A folder on a disk, and the few ways in which anything in it is touched. */
export class LocalDisk {
  /** As configured, for people. */
  readonly location: string
  readonly root: string
  readonly folders: LocalFolders

  constructor(location: string, root: string, identity: FolderIdentity) {
    this.location = location
    this.root = root
    this.folders = new LocalFolders(root, identity)
  }

  /** The path of a file that is named relative to the root. */
  at(name: string): string {
    return join(this.root, name)
  }

  /** Awaits a file operation. What it throws comes out as an error of the storage. */
  async on<T>(operation: Promise<T>): Promise<T> {
    return await onDisk(this.location, operation)
  }

  /** Opens a file: never through a link, and without waiting for the other end of a pipe. */
  async open(name: string, access: number): Promise<FileHandle> {
    return await open(this.at(name), access | O_NOFOLLOW | O_NONBLOCK)
  }

  /** The bytes from `start` to `end` of a file that has as many. */
  async *read(
    file: FileHandle,
    name: string,
    [start, end]: readonly [number, number],
    { signal }: CallOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = start; at < end;) {
      signal?.throwIfAborted()
      const buffer = takeBlock(Math.min(blockSize, end - at))
      const { bytesRead } = await this.on(file.read(buffer, 0, buffer.length, at))
      if (bytesRead === 0) throw new StorageError(`${name} ended early, at byte ${at}`, { transient: false })
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  /**
   * Writes bytes into a file, from position `at` on. In blocks, since for a larger write the kernel wants memory in larger
   * pieces, and a virtual machine has those given back to its host: 400 files of 3 MB, each with an fsync, took 1.0 to 1.3 s
   * of system time in blocks of 256 KiB, 4.7 to 5.0 s in blocks of 512 KiB (ext4, Linux 6.18).
   */
  async write(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      const length = Math.min(blockSize, bytes.length - written)
      written += (await this.on(file.write(bytes, written, length, at + written))).bytesWritten
    }
  }

  /**
   * Brings a file's bytes onto the disk.
   * @throws StorageError when it has another length than what was written to it.
   */
  async settle(file: FileHandle, key: string, written: number): Promise<void> {
    const { size } = await this.on(file.stat())
    if (size !== written) {
      throw new StorageError(`${written} bytes of ${key} were written, ${size} arrived`, { transient: false })
    }
    await this.on(file.sync())
  }

  /** Gives a settled file its key as a further name. @throws ObjectExistsError */
  async publish(temporary: string, key: string): Promise<void> {
    await this.on(this.#publish(temporary, key))
  }

  async #publish(temporary: string, key: string): Promise<void> {
    const folder = dirname(key)
    await this.folders.make(folder)
    let taken: unknown
    try {
      await link(this.at(temporary), this.at(key))
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw linkError(this.location, error)
      taken = error
    }
    // Also when the name was taken: its creator may have been killed before this, and the caller may rely on it now.
    await this.folders.sync(folder)
    if (taken !== undefined) throw new ObjectExistsError(key, { cause: taken })
  }
}
