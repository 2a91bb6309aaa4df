import { ObjectMissingError } from '../errors.ts'
import type { CallOptions } from '../storage.ts'
import { assertTrialKey, refusedOrAllowed, type Trial, type TrialResult } from '../trial.ts'
import type { DriveClient } from './client.ts'
import type { DriveFolders } from './folders.ts'
import type { DriveObjects } from './objects.ts'

/** What the account may do beyond the contract. */
export class DriveTrial implements Trial {
  readonly #client: DriveClient
  readonly #folders: DriveFolders
  readonly #objects: DriveObjects

  constructor(client: DriveClient, folders: DriveFolders, objects: DriveObjects) {
    this.#client = client
    this.#folders = folders
    this.#objects = objects
  }

  /** Whoever may not delete for good may perhaps move to the trash, which empties itself after 30 days. */
  async remove(key: string, { signal }: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    const id = await this.#idOf(key, { signal })
    const deleting = await refusedOrAllowed(this.#client.delete(id, { what: key, signal }))
    if (deleting === 'allowed') return deleting
    const trashing = await refusedOrAllowed(this.#client.trash(id, { what: key, signal }))
    return trashing === 'allowed' ? 'hidden' : trashing
  }

  async overwrite(key: string, bytes: Uint8Array, { signal }: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    const id = await this.#idOf(key, { signal })
    return await refusedOrAllowed(this.#client.overwrite(id, bytes, { what: key, signal }))
  }

  async clock({ signal }: CallOptions): Promise<Date | undefined> {
    const date = await this.#client.date({ what: 'the time', signal })
    return Number.isNaN(date.getTime()) ? undefined : date
  }

  /**
   * Drive keeps what was replaced, and what is in the trash, for 30 days: that counts, unless the account may delete
   * past the trash. In My Drive, its owner always may.
   */
  async keepsVersions({ signal }: CallOptions): Promise<boolean | undefined> {
    const { id, driveId } = await this.#folders.root()
    if (driveId === undefined) return false
    const mayDelete = await this.#client.mayDeleteIn(id, { what: 'its rights', signal })
    return mayDelete === undefined ? undefined : !mayDelete
  }

  async #idOf(key: string, options: CallOptions): Promise<string> {
    const file = await this.#objects.find(key, options)
    if (file === undefined) throw new ObjectMissingError(key)
    return file.id
  }
}
