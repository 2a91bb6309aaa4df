import { unlessAborted } from '../../shared/abort.ts'
import { AccessDeniedError, ObjectExistsError, StorageError } from '../errors.ts'
import { retrying, type RetryPolicy } from '../retry.ts'
import type { CallOptions } from '../storage.ts'
import type { TreeEntry } from '../tree.ts'
import type { About, DriveClient, NewFile } from './client.ts'
import { DuplicateNameError, statusOf } from './errors.ts'
import { byAge, type DriveFile } from './file.ts'
import type { DriveFolders } from './folders.ts'
import type { DriveMaking, Place } from './making.ts'
import type { Sums } from './sums.ts'

/** Drive says of what it stored that it is not what was sent. */
export class AlteredError extends StorageError {
  constructor(key: string) {
    super(`${key} did not arrive in Drive as it was sent; what arrived is in its trash`, { transient: true })
    this.name = 'AlteredError'
  }
}

/** The objects of a vault, by key: a file for each, in a folder for each part of its key but the last. */
export class DriveObjects {
  readonly #client: DriveClient
  readonly #folders: DriveFolders
  readonly #making: DriveMaking
  readonly #prefix: string
  readonly #policy: RetryPolicy

  /**
   * @param prefix the folder below the root, without slashes at its ends; empty for the root itself.
   * @param policy for taking back what must not stay.
   */
  constructor(
    client: DriveClient,
    folders: DriveFolders,
    making: DriveMaking,
    { prefix, policy }: { prefix: string; policy: RetryPolicy },
  ) {
    this.#client = client
    this.#folders = folders
    this.#making = making
    this.#prefix = prefix
    this.#policy = policy
  }

  /** @throws DuplicateNameError */
  async find(key: string, options: CallOptions): Promise<DriveFile | undefined> {
    const found = await this.#findNow(key, options)
    if (found) return found
    // A folder that was moved or replaced is looked for anew before anything is said to be missing.
    this.#folders.forget()
    return await this.#findNow(key, options)
  }

  /** What lies in a folder, whose name ends in a slash unless it is the root's. @throws DuplicateNameError */
  async entries(folder: string, options: CallOptions): Promise<TreeEntry<DriveFile>[]> {
    const id = await this.#folder(folder.replace(/\/$/, ''), options)
    const entries = new Map<string, TreeEntry<DriveFile> & { from: DriveFile }>()
    if (id === undefined) return []
    for await (const from of this.#folders.entries(id, options)) {
      if (!from.isFolder && !from.isObject) continue
      const path = `${folder}${from.name}${from.isFolder ? '/' : ''}`
      const namesake = entries.get(path)
      if (namesake) throw new DuplicateNameError(path, byAge([namesake.from, from]), this.#client.location)
      entries.set(path, { name: from.name, file: from.isObject ? from : undefined, from })
    }
    return [...entries.values()]
  }

  /** Where an object is to be made, in a folder that is there. */
  async place(key: string, { signal }: CallOptions): Promise<Place> {
    const { folder, name } = split(key)
    const parent = await unlessAborted(this.#folders.make(this.#pathOf(folder)), signal)
    return { parent, name, isFolder: false }
  }

  /** @throws ObjectExistsError | DuplicateNameError when the place is taken. */
  async assertFree(key: string, place: Place, { signal }: CallOptions): Promise<void> {
    if (await this.#inPlace(key, place, { what: key, signal })) throw new ObjectExistsError(key)
  }

  /**
   * The error for what a file could not be created with.
   * @throws whatever keeps it from finding out.
   */
  async whyNot(key: string, created: NewFile, error: unknown, { signal }: CallOptions): Promise<Error> {
    if (statusOf(error) === 404) return this.#folderGone(key, created, error)
    await this.#making.inTheWay(created, error, { what: key, signal })
    return new ObjectExistsError(key, { cause: error })
  }

  /** @throws AlteredError when a new file is not what was sent; then it is withdrawn. */
  async verify(key: string, created: NewFile, file: DriveFile, sums: Sums): Promise<void> {
    const isTold = file.sha256 !== undefined || file.md5 !== undefined
    const told = isTold ? file : await this.#client.get(file.id, { what: key })
    if (sums.match(told) && told.name === created.name) return
    await this.#withdraw(key, created)
    throw new AlteredError(key)
  }

  /**
   * Makes sure that a new file is the object. Drive has no create that fails where something is already. So whoever
   * creates looks before, and looks again here; of two that came at the same time, the younger is withdrawn.
   * @throws ObjectExistsError where it was the younger one.
   */
  async settle(key: string, created: NewFile, file: DriveFile, { signal }: CallOptions): Promise<void> {
    if (file.trashed) throw this.#folderGone(key, created)
    const found = await this.#folders.named(created.parent, created.name, { what: key, signal })
    const [oldest] = byAge([file, ...found.filter(({ id, isObject }) => isObject && id !== file.id)])
    if (oldest === file) return
    await this.#withdraw(key, created)
    throw new ObjectExistsError(key)
  }

  async #findNow(key: string, { signal }: CallOptions): Promise<DriveFile | undefined> {
    const { folder, name } = split(key)
    try {
      const parent = await this.#folder(folder, { signal })
      if (parent === undefined) return undefined
      return await this.#inPlace(key, { parent, name, isFolder: false }, { what: key, signal })
    } catch (error) {
      // The folder was there a moment ago.
      if (statusOf(error) === 404) return undefined
      throw error
    }
  }

  /** @throws DuplicateNameError */
  async #inPlace(key: string, place: Place, about: About): Promise<DriveFile | undefined> {
    const { parent, name } = place
    const found = (await this.#folders.named(parent, name, about)).filter((file) => file.isObject)
    if (found.length > 1) throw new DuplicateNameError(key, byAge(found), this.#client.location)
    return found[0] ?? (await this.#making.remembered(place, about))
  }

  /** A person moved the folder to the trash, or deleted it. The next try makes another one. */
  #folderGone(key: string, created: NewFile, cause?: unknown): StorageError {
    this.#folders.forget()
    this.#making.forget(created)
    return new StorageError(`the folder of ${key} is in the trash of Drive, or gone`, {
      transient: true,
      cause,
      hint: 'Somebody is removing the vault: look at it in Drive.',
    })
  }

  /** Moves to the trash what this very call made, and nobody was told of. Also when the caller has left by now. */
  async #withdraw(key: string, created: NewFile): Promise<void> {
    this.#making.forget(created)
    const trash = () => this.#client.trash(created.id, { what: key })
    try {
      await retrying(trash, { policy: this.#policy, signal: undefined })
    } catch (cause) {
      const told = {
        cause,
        hint: `Move it to the trash by hand: https://drive.google.com/file/d/${created.id}`,
      }
      const message = `${key} in ${this.#client.location} is taken by the file ${created.id}, which is not the object and could not be moved to the trash`
      if (cause instanceof AccessDeniedError) throw new AccessDeniedError(message, told)
      throw new StorageError(message, { transient: false, ...told })
    }
  }

  /** The id of the folder of this path in the vault, or undefined. */
  async #folder(path: string, { signal }: CallOptions): Promise<string | undefined> {
    return await unlessAborted(this.#folders.find(this.#pathOf(path)), signal)
  }

  #pathOf(folder: string): string {
    return [this.#prefix, folder].filter((part) => part !== '').join('/')
  }
}

function split(key: string): { folder: string; name: string } {
  const slash = key.lastIndexOf('/')
  return { folder: key.slice(0, Math.max(slash, 0)), name: key.slice(slash + 1) }
}
