import { constants } from 'node:fs'
import { lstat, type FileHandle } from 'node:fs/promises'
import { errorCode } from '../../shared/errors.ts'
import { ObjectExistsError } from '../errors.ts'
import { isSame, type UploadFile, type UploadFiles } from '../fileUploads.ts'
import { UploadGoneError } from '../resumable.ts'
import type { CallOptions } from '../storage.ts'
import type { LocalDisk } from './disk.ts'
import type { LocalTemporary } from './temporary.ts'

const { O_RDONLY, O_RDWR } = constants

/** Uploads that another process can go on with. No handle outlives a call, so what is gone is noticed by the next one. */
export class LocalUploadFiles implements UploadFiles {
  readonly #disk: LocalDisk
  readonly #temporary: LocalTemporary

  constructor(disk: LocalDisk, temporary: LocalTemporary) {
    this.#disk = disk
    this.#temporary = temporary
  }

  async create({ name }: UploadFile, { signal }: CallOptions): Promise<void> {
    signal?.throwIfAborted()
    const { handle } = await this.#disk.on(this.#temporary.create(name))
    await handle.close()
  }

  async size({ name }: UploadFile, { signal }: CallOptions): Promise<number | undefined> {
    signal?.throwIfAborted()
    return await this.#disk.on(fileSize(this.#disk.at(this.#temporary.nameOf(name))))
  }

  async holds(file: UploadFile, bytes: Uint8Array, at: number, options: CallOptions): Promise<boolean> {
    await using handle = await this.#open(file, O_RDONLY)
    return await isSame(this.#disk.read(handle, file.name, [at, at + bytes.length], options), bytes)
  }

  async write(file: UploadFile, bytes: Uint8Array, at: number, { signal }: CallOptions): Promise<void> {
    signal?.throwIfAborted()
    await using handle = await this.#open(file, O_RDWR)
    await this.#disk.write(handle, bytes, at)
  }

  async shorten(file: UploadFile, length: number, { signal }: CallOptions): Promise<void> {
    signal?.throwIfAborted()
    await using handle = await this.#open(file, O_RDWR)
    await this.#disk.on(handle.truncate(length))
  }

  async publish(file: UploadFile, { signal, size }: CallOptions & { size: number }): Promise<void> {
    await using handle = await this.#open(file, O_RDWR)
    await this.#disk.settle(handle, file.key, size)
    signal?.throwIfAborted()
    try {
      await this.#disk.publish(this.#temporary.nameOf(file.name), file.key)
    } catch (error) {
      if (error instanceof ObjectExistsError) await this.remove(file, {})
      throw error
    }
    await this.remove(file, {})
  }

  async remove({ name }: UploadFile, { signal }: CallOptions): Promise<void> {
    signal?.throwIfAborted()
    await this.#disk.on(this.#temporary.remove(name))
  }

  async #open(file: UploadFile, access: number): Promise<FileHandle> {
    return await this.#disk.on(this.#openUnlessGone(file, access))
  }

  async #openUnlessGone({ name, key }: UploadFile, access: number): Promise<FileHandle> {
    try {
      return await this.#disk.open(this.#temporary.nameOf(name), access)
    } catch (cause) {
      throw errorCode(cause) === 'ENOENT' ? new UploadGoneError(key, { cause }) : cause
    }
  }
}

/** Undefined when there is no file of that name. */
async function fileSize(path: string): Promise<number | undefined> {
  try {
    const stats = await lstat(path)
    return stats.isFile() ? stats.size : undefined
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
