import { constants } from 'node:fs'
import { open, realpath, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode, UserError } from '../../shared/errors.ts'
import { release } from '../../shared/release.ts'
import { checkedSource, rangeWithin } from '../bytes.ts'
import { ObjectMissingError, StorageError } from '../errors.ts'
import { FileUploads } from '../fileUploads.ts'
import { assertKey, assertPrefix } from '../keys.ts'
import type { Leftovers } from '../leftovers.ts'
import type { ResumableUploads } from '../resumable.ts'
import { temporaryName } from '../temporaryNames.ts'
import type { Trial } from '../trial.ts'
import { LocalDisk } from './disk.ts'
import type { FolderIdentity } from './folders.ts'
import { LocalLeftovers } from './leftovers.ts'
import { listFolder } from './list.ts'
import { unmountedAbove } from './mounts.ts'
import { LocalTemporary } from './temporary.ts'
import { LocalTrial } from './trial.ts'
import { LocalUploadFiles } from './uploads.ts'
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

const { O_RDONLY, O_DIRECTORY } = constants
const mountHint = 'Create it, or mount the disk that holds it.'

/**
 * @throws UserError when there is no such folder, because one that is made by mistake would hide a disk that is not
 *   mounted; and when /etc/fstab names a disk for it that is not mounted.
 */
export async function openLocal(path: string): Promise<Storage> {
  const { root, identity } = await findFolder(path)
  const mountPoint = await unmountedAbove(root)
  if (mountPoint !== undefined) {
    throw new UserError(`nothing is mounted at ${mountPoint}, where /etc/fstab has a disk for ${path}`, {
      hint: `Mount it: mount ${mountPoint}`,
    })
  }
  return new LocalStorage(new LocalDisk(path, root, identity))
}

async function findFolder(path: string): Promise<{ root: string; identity: FolderIdentity }> {
  try {
    const root = await realpath(path)
    // Opened and not only looked at: that is what makes an automounter mount it.
    await using folder = await open(root, O_RDONLY | O_DIRECTORY)
    return { root, identity: await folder.stat({ bigint: true }) }
  } catch (cause) {
    const code = errorCode(cause)
    if (code === 'ENOENT') throw new UserError(`there is no folder ${path}`, { cause, hint: mountHint })
    if (code === 'ENOTDIR') throw new UserError(`${path} is not a folder`, { cause, hint: mountHint })
    throw new UserError(`can't open the folder ${path}`, { cause })
  }
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
  readonly resumable: ResumableUploads
  readonly leftovers: Leftovers
  readonly trial: Trial
  readonly #disk: LocalDisk
  readonly #temporary: LocalTemporary

  constructor(disk: LocalDisk) {
    this.location = disk.location
    this.#disk = disk
    this.#temporary = new LocalTemporary(disk)
    this.resumable = new FileUploads(new LocalUploadFiles(disk, this.#temporary))
    this.leftovers = new LocalLeftovers(disk, this.#temporary)
    this.trial = new LocalTrial(disk, this.#temporary)
  }

  async put(key: string, bytes: Uint8Array, options: CreateOptions): Promise<void> {
    await this.#create(key, [bytes], options)
  }

  async upload(key: string, source: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<void> {
    await this.#create(key, releasing(checkedSource(key, source, options)), options)
  }

  async *read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    options.signal?.throwIfAborted()
    await using file = await this.#disk.on(this.#open(key))
    const size = await this.#disk.on(this.#size(key, file))
    yield* this.#disk.read(file, key, rangeWithin(key, size, options.range), options)
  }

  async stat(key: string, { signal }: CallOptions = {}): Promise<{ size: number }> {
    signal?.throwIfAborted()
    await using file = await this.#disk.on(this.#open(key))
    const size = await this.#disk.on(this.#size(key, file))
    return { size }
  }

  async *list(prefix: string, { after = '', signal }: ListOptions = {}): AsyncGenerator<ListedObject> {
    assertPrefix(prefix)
    if (!(await this.#disk.on(this.#disk.folders.has(dirname(`${prefix}x`))))) return
    const listed = listFolder(this.#disk.root, { prefix, after })
    for (;;) {
      signal?.throwIfAborted()
      const next = await this.#disk.on(listed.next())
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
    await using file = await this.#disk.on(this.#temporary.create(temporaryName()))
    let written = 0
    for await (const chunk of chunks) {
      await this.#disk.write(file.handle, chunk, written)
      written += chunk.length
    }
    await this.#disk.settle(file.handle, key, written)
    signal?.throwIfAborted()
    await this.#disk.publish(file.name, key)
  }

  async #open(key: string): Promise<FileHandle> {
    assertKey(key)
    if (!(await this.#disk.folders.has(dirname(key)))) throw new ObjectMissingError(key)
    try {
      return await this.#disk.open(key, O_RDONLY)
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
}

/** Passes chunks on, and gives the memory of each back when the next one is asked for. */
async function* releasing(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    yield chunk
    release(chunk)
  }
}
