import { StorageError } from '../errors.ts'
import type { CallOptions } from '../storage.ts'
import type { About, DriveClient } from './client.ts'
import { DuplicateNameError, statusOf } from './errors.ts'
import { byAge, type DriveFile } from './file.ts'
import type { DriveMaking } from './making.ts'
import { foldersIn, inFolder, namedIn } from './query.ts'
import { findRoot, type DriveRoot } from './root.ts'

/** How long it is believed that a folder still is where it was, in milliseconds. */
const believedMs = 10 * 60 * 1000

/** The folders in one folder, by name. */
interface Inside {
  /** When Drive was asked. */
  since: number
  named: Promise<Map<string, DriveFile[]>>
}

/**
 * The folders of a vault, found by name from the root on. That one is there is remembered for some minutes; that one
 * is not, never. Several calls wait for one answer of Drive, so none of this takes a signal.
 */
export class DriveFolders {
  readonly #client: DriveClient
  readonly #making: DriveMaking
  readonly #rootId: string
  #root: Promise<DriveRoot> | undefined
  readonly #inside = new Map<string, Inside>()
  readonly #beingMade = new Map<string, Promise<DriveFile>>()

  constructor(client: DriveClient, making: DriveMaking, rootId: string) {
    this.#client = client
    this.#making = making
    this.#rootId = rootId
  }

  /** The folder that everything lies in. @throws UserError when there is none. */
  async root(): Promise<DriveRoot> {
    this.#root ??= findRoot(this.#client, this.#rootId, { what: 'its folder' })
    try {
      return await this.#root
    } catch (error) {
      this.#root = undefined
      throw error
    }
  }

  /** The id of a folder, or undefined. @param path names from the root on, with slashes between; empty for the root. */
  async find(path: string): Promise<string | undefined> {
    let { id } = await this.root()
    for (const part of partsOf(path)) {
      const folder = await this.#child(id, part.name, part.path)
      if (folder === undefined) return undefined
      ;({ id } = folder)
    }
    return id
  }

  /** The same for a folder that is made if need be, and those around it. */
  async make(path: string): Promise<string> {
    let { id } = await this.root()
    for (const part of partsOf(path)) {
      const folder = await this.#child(id, part.name, part.path)
      ;({ id } = folder ?? (await this.#makeOnce(id, part.name, part.path)))
    }
    return id
  }

  /** Looks again for each folder from now on: one of them is not where it was. */
  forget(): void {
    this.#root = undefined
    this.#inside.clear()
  }

  /** What lies in a folder. */
  async *entries(id: string, options: CallOptions): AsyncGenerator<DriveFile, void, undefined> {
    yield* this.#search(inFolder(id), { what: 'a folder', ...options })
  }

  /** What has exactly this name in a folder. */
  async named(id: string, name: string, about: About): Promise<DriveFile[]> {
    const found = await Array.fromAsync(this.#search(namedIn(id, name), about))
    return found.filter((file) => file.name === name)
  }

  async #child(parent: string, name: string, path: string): Promise<DriveFile | undefined> {
    const now = Date.now()
    let found = await this.#namesakes(parent, name, path, now - believedMs)
    if (found.length === 0) found = await this.#namesakes(parent, name, path, now)
    if (found.length > 1) {
      this.#inside.delete(parent)
      throw new DuplicateNameError(path, byAge(found), this.#client.location)
    }
    return found[0] ?? (await this.#making.remembered({ parent, name, isFolder: true }, { what: path }))
  }

  /** The folders of this name, as they were at `notBefore` or later. */
  async #namesakes(parent: string, name: string, path: string, notBefore: number): Promise<DriveFile[]> {
    const known = this.#inside.get(parent)
    const inside = known && known.since >= notBefore ? known : this.#look(parent, path)
    try {
      return (await inside.named).get(name) ?? []
    } catch (error) {
      if (this.#inside.get(parent) === inside) this.#inside.delete(parent)
      throw error
    }
  }

  #look(parent: string, path: string): Inside {
    const inside = { since: Date.now(), named: this.#foldersIn(parent, path) }
    this.#inside.set(parent, inside)
    return inside
  }

  async #foldersIn(parent: string, path: string): Promise<Map<string, DriveFile[]>> {
    const folders = await Array.fromAsync(this.#search(foldersIn(parent), { what: path }))
    return Map.groupBy(folders, ({ name }) => name)
  }

  async #makeOnce(parent: string, name: string, path: string): Promise<DriveFile> {
    const key = `${parent}/${name}`
    const making = this.#beingMade.get(key) ?? this.#make(parent, name, path)
    this.#beingMade.set(key, making)
    try {
      return await making
    } finally {
      this.#beingMade.delete(key)
    }
  }

  /** Another machine may have made one at the same time. The younger one, which is empty, is taken back. */
  async #make(parent: string, name: string, path: string): Promise<DriveFile> {
    const about = { what: path }
    const created = await this.#making.plan({ parent, name, isFolder: true }, about)
    let isNew = true
    const file = await this.#client.createFolder(created, about).catch(async (error: unknown) => {
      isNew = false
      return await this.#making.inTheWay(created, error, about)
    })
    this.#inside.delete(parent)
    const found = await this.#namesakes(parent, name, path, Date.now())
    const [oldest = file, ...others] = byAge([file, ...found.filter(({ id }) => id !== file.id)])
    if (others.length === 0) return file
    this.#inside.delete(parent)
    if (oldest === file) return file
    if (!isNew) throw new DuplicateNameError(path, [oldest, ...others], this.#client.location)
    this.#making.forget(created)
    await this.#client.trash(file.id, about)
    return oldest
  }

  async *#search(query: string, about: About): AsyncGenerator<DriveFile, void, undefined> {
    const { driveId } = await this.root()
    let pageToken: string | undefined
    do {
      const page = await this.#page(query, { ...about, driveId, pageToken })
      yield* page.files
      pageToken = page.nextPageToken
    } while (pageToken !== undefined)
  }

  async #page(query: string, about: Parameters<DriveClient['search']>[1]): ReturnType<DriveClient['search']> {
    try {
      return await this.#client.search(query, about)
    } catch (error) {
      if (statusOf(error) !== 404 || !(error instanceof Error)) throw error
      this.forget()
      const message = `a folder on the way to ${about.what} is gone from Drive`
      throw new StorageError(message, { transient: true, cause: error.cause })
    }
  }
}

function partsOf(path: string): { name: string; path: string }[] {
  const names = path === '' ? [] : path.split('/')
  return names.map((name, at) => ({ name, path: names.slice(0, at + 1).join('/') }))
}
