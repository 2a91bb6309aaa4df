import { lstat, rm, writeFile } from 'node:fs/promises'
import type { CallOptions } from '../storage.ts'
import { temporaryName } from '../temporaryNames.ts'
import { assertTrialKey, refusedOrAllowed, type Trial, type TrialResult } from '../trial.ts'
import type { LocalDisk } from './disk.ts'
import type { LocalTemporary } from './temporary.ts'

export class LocalTrial implements Trial {
  readonly #disk: LocalDisk
  readonly #temporary: LocalTemporary

  constructor(disk: LocalDisk, temporary: LocalTemporary) {
    this.#disk = disk
    this.#temporary = temporary
  }

  async remove(key: string, { signal }: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    signal?.throwIfAborted()
    return await refusedOrAllowed(this.#disk.on(rm(this.#disk.at(key), { force: true })))
  }

  async overwrite(key: string, bytes: Uint8Array, { signal }: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    signal?.throwIfAborted()
    return await refusedOrAllowed(this.#disk.on(writeFile(this.#disk.at(key), bytes)))
  }

  /** The time that a new file gets. On a network file system the server says it. */
  async clock({ signal }: CallOptions): Promise<Date> {
    signal?.throwIfAborted()
    await using file = await this.#disk.on(this.#temporary.create(temporaryName()))
    await this.#disk.on(file.handle.writeFile('x'))
    return (await this.#disk.on(lstat(this.#disk.at(file.name)))).mtime
  }

  /** Whether somebody takes snapshots of the file system can't be told from here. */
  async keepsVersions(): Promise<undefined> {}
}
