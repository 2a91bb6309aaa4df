import { constants } from 'node:fs'
import { link, lstat, open, realpath, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorCode, UserError } from '../../shared/errors.ts'
import { release } from '../../shared/release.ts'
import { checkedSource, rangeWithin } from '../bytes.ts'
import { ObjectExistsError, ObjectMissingError, StorageError } from '../errors.ts'
import { assertKey, assertPrefix } from '../keys.ts'
import { linkError, onDisk } from './errors.ts'
import { LocalFolders } from './folders.ts'
import { listFolder } from './list.ts'
import { LocalTemporary } from './temporary.ts'
import type {
  CallOptions,
  Capabilities,
  CreateOptions,
  ListedObject,
  ListOptions,
  ReadOptions,
  Storage,
  UploadOptions,
} from '../storage.ts'

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
const readSize = 1024 * 1024

/** @throws UserError when there is no such folder: one that is made by mistake would hide a disk that is not mounted. */
export async function openLocal(path: string): Promise<Storage> {
  const hint = 'Create it, or mount the disk that holds it.'
  try {
    const root = await realpath(path)
    if ((await lstat(root)).isDirectory()) return new LocalStorage(path, root)
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') throw new UserError(`can't open the folder ${path}`, { cause })
    throw new UserError(`there is no folder ${path}`, { cause, hint })
  }
  throw new UserError(`${path} is not a folder`, { hint })
}

/**
 * Objects as files below a folder. One appears under its name by `link`, which never replaces anything, and only when
 * its bytes are on the disk.
 */
class LocalStorage implements Storage {
  readonly location: string
  readonly capabilities: Capabilities = {
    atomicCreate: true,
    durable: true,
    checksum: 'none',
    partSize: 8 * 1024 * 1024,
    concurrency: 8,
    reopenable: true,
  }
  readonly #root: string
  readonly #folders: LocalFolders
  readonly #temporary: LocalTemporary

  constructor(location: string, root: string) {
    this.location = location
    this.#root = root
    this.#folders = new LocalFolders(root)
    this.#temporary = new LocalTemporary(root, this.#folders)
  }

  async put(key: string, bytes: Uint8Array, options: CreateOptions): Promise<void> {
    await this.#create(key, [bytes], options)
  }

  async upload(key: string, source: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<void> {
    await this.#create(key, releasing(checkedSource(key, source, options)), options)
  }

  async *read(key: string, { range, signal }: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    signal?.throwIfAborted()
    await using file = await this.#onDisk(this.#open(key))
    const size = await this.#onDisk(this.#size(key, file))
    const [start, end] = rangeWithin(key, size, range)
    for (let at = start; at < end;) {
      signal?.throwIfAborted()
      const buffer = Buffer.allocUnsafeSlow(Math.min(readSize, end - at))
      const { bytesRead } = await this.#onDisk(file.read(buffer, 0, buffer.length, at))
      if (bytesRead === 0) throw new StorageError(`${key} ended early, at byte ${at}`, { transient: false })
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  async stat(key: string, { signal }: CallOptions = {}): Promise<{ size: number }> {
    signal?.throwIfAborted()
    await using file = await this.#onDisk(this.#open(key))
    const size = await this.#onDisk(this.#size(key, file))
    return { size }
  }

  async *list(prefix: string, { after = '', signal }: ListOptions = {}): AsyncGenerator<ListedObject> {
    assertPrefix(prefix)
    if (!(await this.#onDisk(this.#folders.has(dirname(`${prefix}x`))))) return
    const listed = listFolder(this.#root, { prefix, after })
    for (;;) {
      signal?.throwIfAborted()
      const next = await this.#onDisk(listed.next())
      if (next.done) return
      yield next.value
    }
  }

  async close(): Promise<void> {}

  async #create(
    key: string,
    chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    { signal }: CallOptions,
  ): Promise<void> {
    assertKey(key)
    signal?.throwIfAborted()
    await using file = await this.#onDisk(this.#temporary.create())
    let written = 0
    for await (const chunk of chunks) {
      written += chunk.length
      await this.#onDisk(file.handle.writeFile(chunk))
    }
    const { size } = await this.#onDisk(file.handle.stat())
    if (size !== written) {
      throw new StorageError(`${written} bytes of ${key} were written, ${size} arrived`, { transient: false })
    }
    await this.#onDisk(file.handle.sync())
    signal?.throwIfAborted()
    await this.#onDisk(this.#publish(file.path, key))
  }

  async #publish(temporary: string, key: string): Promise<void> {
    const folder = dirname(key)
    await this.#folders.make(folder)
    let taken: unknown
    try {
      await link(temporary, join(this.#root, key))
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw linkError(this.location, error)
      taken = error
    }
    // Also when the name was taken: its creator may have been killed before this, and the caller may rely on it now.
    await this.#folders.sync(folder)
    if (taken !== undefined) throw new ObjectExistsError(key, { cause: taken })
  }

  async #open(key: string): Promise<FileHandle> {
    assertKey(key)
    if (!(await this.#folders.has(dirname(key)))) throw new ObjectMissingError(key)
    try {
      // Never through a link, and without waiting for the other end of a pipe.
      return await open(join(this.#root, key), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    } catch (cause) {
      throw errorCode(cause) === 'ENOENT' ? new ObjectMissingError(key, { cause }) : cause
    }
  }

  async #size(key: string, file: FileHandle): Promise<number> {
    const stats = await file.stat()
    if (stats.isDirectory()) throw new ObjectMissingError(key)
    if (!stats.isFile()) throw new StorageError(`${key} is not a file`, { transient: false })
    return stats.size
  }

  async #onDisk<T>(operation: Promise<T>): Promise<T> {
    return onDisk(this.location, operation)
  }
}

/** Passes chunks on, and gives the memory of each back when the next one is asked for. */
async function* releasing(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    yield chunk
    release(chunk)
  }
}
