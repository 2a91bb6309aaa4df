import { isSame, type UploadFile, type UploadFiles } from '../fileUploads.ts'
import { ObjectExistsError } from '../errors.ts'
import { UploadGoneError } from '../resumable.ts'
import { retrying, type RetryPolicy } from '../retry.ts'
import type { CallOptions } from '../storage.ts'
import type { SftpChannel } from './channel.ts'
import { status, statusOf } from './errors.ts'
import { SftpFile } from './file.ts'
import type { SftpPlace } from './place.ts'
import { look, removeFile } from './requests.ts'

/**
 * Temporary files that are written in several calls. Each call opens the file anew, over whatever connection there is,
 * and is tried again by itself: so an upload goes on after a broken connection where it was.
 */
export class SftpUploadFiles implements UploadFiles {
  readonly #place: SftpPlace
  readonly #policy: RetryPolicy

  constructor(place: SftpPlace, policy: RetryPolicy) {
    this.#place = place
    this.#policy = policy
  }

  async create({ name }: UploadFile, options: CallOptions): Promise<void> {
    await this.#trying(options, async (channel) => {
      const path = await this.#place.temporary(channel, name)
      try {
        const file = await SftpFile.open(channel, path, 'wx', options)
        await file.close(options)
      } catch (error) {
        // Nobody else has this name: an earlier try made it, and only its answer was lost.
        if (statusOf(error) === undefined || !(await look(channel, path, options))) throw error
      }
    })
  }

  async size({ name }: UploadFile, options: CallOptions): Promise<number | undefined> {
    const found = await this.#trying(
      options,
      async (channel) => await look(channel, this.#place.temporaryPath(name), options),
    )
    return found?.isFile() ? found.size : undefined
  }

  async holds(file: UploadFile, bytes: Uint8Array, at: number, options: CallOptions): Promise<boolean> {
    return await this.#trying(options, async (channel) => {
      using opened = await this.#open(channel, file, 'r', options)
      return await isSame(opened.read([at, at + bytes.length], options), bytes)
    })
  }

  async write(file: UploadFile, bytes: Uint8Array, at: number, options: CallOptions): Promise<void> {
    await this.#trying(options, async (channel) => {
      using opened = await this.#open(channel, file, 'r+', options)
      await opened.write(bytes, at, options)
      await opened.close(options)
    })
  }

  async shorten(file: UploadFile, length: number, options: CallOptions): Promise<void> {
    await this.#trying(options, async (channel) => {
      const path = this.#place.temporaryPath(file.name)
      await channel.ask<void>(
        `shorten ${path}`,
        (sftp, done) => sftp.setstat(path, { size: length }, done),
        options,
      )
    })
  }

  async publish(file: UploadFile, options: CallOptions & { size: number }): Promise<void> {
    try {
      await this.#trying(options, async (channel) => {
        using opened = await this.#open(channel, file, 'r+', options)
        await this.#place.settle(opened, file.key, options.size, options)
        options.signal?.throwIfAborted()
        await this.#place.publish(channel, file.name, file.key, options)
      })
    } catch (error) {
      if (error instanceof ObjectExistsError) await this.#place.discard(file.name)
      throw error
    }
    await this.#place.discard(file.name)
  }

  async remove({ name }: UploadFile, options: CallOptions): Promise<void> {
    await this.#trying(
      options,
      async (channel) => await removeFile(channel, this.#place.temporaryPath(name), options),
    )
  }

  async #open(
    channel: SftpChannel,
    { name, key }: UploadFile,
    flags: 'r' | 'r+',
    options: CallOptions,
  ): Promise<SftpFile> {
    try {
      return await SftpFile.open(channel, this.#place.temporaryPath(name), flags, options)
    } catch (cause) {
      throw statusOf(cause) === status.noSuchFile ? new UploadGoneError(key, { cause }) : cause
    }
  }

  async #trying<T>(options: CallOptions, work: (channel: SftpChannel) => Promise<T>): Promise<T> {
    const { signal } = options
    return await retrying(() => this.#place.call(options, work), { policy: this.#policy, signal })
  }
}
