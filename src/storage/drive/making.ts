import { StorageError } from '../errors.ts'
import type { About, DriveClient, NewFile } from './client.ts'
import { statusOf } from './errors.ts'
import type { DriveFile } from './file.ts'
import type { DriveIds } from './ids.ts'
import { myDrive } from './root.ts'

/** Ids that are fetched at once. */
const batch = 100
const idInUse = 409

/** Where something is to be made, and whether that is a folder. */
export type Place = Omit<NewFile, 'id'>

/** Makes things under ids that were taken for them before, so that a repeated call can't make a second one. */
export class DriveMaking {
  readonly #client: DriveClient
  readonly #ids: DriveIds
  #unused: string[] = []

  constructor(client: DriveClient, ids: DriveIds) {
    this.#client = client
    this.#ids = ids
  }

  /** The id under which everybody on this machine makes this. */
  async plan(place: Place, about: About): Promise<NewFile> {
    const known = this.#ids.find(place)
    return { ...place, id: known ?? this.#ids.take(place, await this.unusedId(about)) }
  }

  /** An id that nothing has. */
  async unusedId(about: About): Promise<string> {
    if (this.#unused.length === 0) this.#unused = await this.#client.generateIds(batch, about)
    const id = this.#unused.pop()
    if (id === undefined) throw new StorageError('Drive gave no ids for new files', { transient: true })
    return id
  }

  /** What was made here under this name and is there, also when searches do not find it yet. */
  async remembered(place: Place, about: About): Promise<DriveFile | undefined> {
    const id = this.#ids.find(place)
    return id === undefined ? undefined : await this.#inPlace({ ...place, id }, about)
  }

  /**
   * What has taken the id, where that is why something could not be made.
   * @throws the error itself when it was for another reason, and StorageError when whatever has the id lies elsewhere.
   */
  async inTheWay(created: NewFile, error: unknown, about: About): Promise<DriveFile> {
    if (statusOf(error) !== idInUse) throw error
    const file = await this.#inPlace(created, about)
    if (file) return file
    this.forget(created)
    const message = `what was made before as ${about.what} was removed or moved`
    throw new StorageError(message, { transient: true, cause: error })
  }

  /** The next try takes another id. */
  forget(created: NewFile): void {
    this.#ids.drop(created, created.id)
  }

  /** What has the id, if it lies where it was to be made. */
  async #inPlace({ id, parent, name, isFolder }: NewFile, about: About): Promise<DriveFile | undefined> {
    try {
      const file = await this.#client.get(id, about)
      const isThere = parent === myDrive || file.parent === parent
      return isThere && file.name === name && file.isFolder === isFolder && !file.trashed ? file : undefined
    } catch (error) {
      if (statusOf(error) === 404) return undefined
      throw error
    }
  }
}

export function isIdInUse(error: unknown): boolean {
  return statusOf(error) === idInUse
}
