import { AccessDeniedError, ObjectMissingError, StorageError } from '../errors.ts'
import type { CallOptions } from '../storage.ts'
import { temporaryName } from '../temporaryNames.ts'
import { assertTrialKey, type Trial, type TrialResult } from '../trial.ts'
import { status, statusOf } from './errors.ts'
import { SftpFile } from './file.ts'
import type { SftpPlace } from './place.ts'
import { look, removeFile } from './requests.ts'

export class SftpTrial implements Trial {
  readonly #place: SftpPlace

  constructor(place: SftpPlace) {
    this.#place = place
  }

  async remove(key: string, options: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    return await outcome(
      this.#place.call(options, async (channel) => await removeFile(channel, this.#place.at(key), options)),
    )
  }

  /** Tries in every way that an account could: to write to it, after making it writable, too, and to move another over it. */
  async overwrite(key: string, bytes: Uint8Array, options: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    const ways = [
      async () => await this.#write(key, bytes, options),
      async () => await this.#makeWritable(key, options).then(() => this.#write(key, bytes, options)),
      async () => await this.#moveOver(key, bytes, options),
    ]
    for (const way of ways) if ((await outcome(way())) === 'allowed') return 'allowed'
    return 'refused'
  }

  /** The time that a new file gets, in whole seconds. */
  async clock(options: CallOptions): Promise<Date> {
    const name = temporaryName()
    try {
      return await this.#place.call(options, async (channel) => {
        const path = await this.#place.temporary(channel, name)
        const file = await SftpFile.open(channel, path, 'wx', options)
        await file.close(options)
        const found = await look(channel, path, options)
        if (found === undefined) throw new ObjectMissingError(path)
        return new Date(found.mtime * 1000)
      })
    } finally {
      await this.#place.discard(name)
    }
  }

  /** Whether the server's owner takes snapshots of the file system can't be told from here. */
  async keepsVersions(): Promise<undefined> {}

  async #write(key: string, bytes: Uint8Array, options: CallOptions): Promise<void> {
    await this.#place.call(options, async (channel) => {
      using file = await SftpFile.open(channel, this.#place.at(key), 'w', options)
      await file.write(bytes, 0, options)
      await file.close(options)
    })
  }

  async #makeWritable(key: string, options: CallOptions): Promise<void> {
    const path = this.#place.at(key)
    await this.#place.call(
      options,
      async (channel) =>
        await channel.ask<void>(
          `chmod ${path}`,
          (sftp, done) => sftp.setstat(path, { mode: 0o600 }, done),
          options,
        ),
    )
  }

  async #moveOver(key: string, bytes: Uint8Array, options: CallOptions): Promise<void> {
    const name = temporaryName()
    const to = this.#place.at(key)
    try {
      await this.#place.call(options, async (channel) => {
        const from = await this.#place.temporary(channel, name)
        using file = await SftpFile.open(channel, from, 'wx', options)
        await file.write(bytes, 0, options)
        await file.close(options)
        await channel.ask<void>(
          `move to ${to}`,
          (sftp, done) => sftp.ext_openssh_rename(from, to, done),
          options,
        )
      })
    } finally {
      await this.#place.discard(name)
    }
  }
}

async function outcome(deed: Promise<void>): Promise<TrialResult> {
  try {
    await deed
    return 'allowed'
  } catch (error) {
    const isUnknown = error instanceof StorageError && statusOf(error.cause) === status.unsupported
    if (error instanceof AccessDeniedError || isUnknown) return 'refused'
    throw error
  }
}
