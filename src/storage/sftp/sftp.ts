import { Semaphore } from '../../shared/semaphore.ts'
import { checkedSource, inParts, rangeWithin, type Part } from '../bytes.ts'
import { ObjectMissingError, StorageError } from '../errors.ts'
import { FileUploads } from '../fileUploads.ts'
import { assertKey, assertPrefix } from '../keys.ts'
import type { Leftovers } from '../leftovers.ts'
import type { SftpOptions } from '../options.ts'
import type { ResumableUploads } from '../resumable.ts'
import { defaultRetryPolicy, retrying, type RetryPolicy } from '../retry.ts'
import { temporaryName } from '../temporaryNames.ts'
import type { Trial } from '../trial.ts'
import type { SftpChannel } from './channel.ts'
import { SftpConnections } from './connections.ts'
import { SftpFile } from './file.ts'
import { SftpLeftovers } from './leftovers.ts'
import { listFolder } from './list.ts'
import { SftpPlace } from './place.ts'
import { look } from './requests.ts'
import { SftpTrial } from './trial.ts'
import { SftpUploadFiles } from './uploads.ts'
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

/** Of all uploads together. */
const partsInMemory = 3
/**
 * Mode of an object's file. Nobody writes to one again, and where the server forbids to change modes (see
 * docs/destinations/sftp.md), nobody can.
 */
const objectMode = 0o400

/** How long a server's failures are borne. */
export interface SftpPatience {
  /** For the parts of an upload: whole calls are tried again by the wrapper of retry.ts. */
  retry: RetryPolicy
  /** For the first connection, which nothing is lost without yet. */
  opening: RetryPolicy
  /** Milliseconds without an answer after which a connection is given up. */
  idleMs: number
}

const usualPatience: SftpPatience = {
  retry: defaultRetryPolicy,
  opening: { tries: 3, firstDelayMs: 500, maxDelayMs: 2000, budgetMs: 60_000 },
  idleMs: 60_000,
}

/**
 * Connects to a server, and finds out what it can do.
 * @throws UserError when its host key is not pinned or the folder is not there; AccessDeniedError when it lets nobody in.
 */
export async function openSftp(
  options: SftpOptions,
  { retry, opening, idleMs }: SftpPatience = usualPatience,
  { signal }: CallOptions = {},
): Promise<Storage> {
  const connections = new SftpConnections(options, idleMs)
  try {
    const find = () => SftpPlace.find(options, connections, { signal })
    return new SftpStorage(await retrying(find, { policy: opening, signal }), retry)
  } catch (error) {
    await connections.close()
    throw error
  }
}

/**
 * Objects as files below a folder of a server. One is written under a temporary name, brought onto the disk, and linked to
 * its final one: never renamed the POSIX way, which replaces what is there.
 */
class SftpStorage implements Storage {
  readonly location: string
  readonly capabilities: Capabilities
  readonly resumable: ResumableUploads
  readonly leftovers: Leftovers
  readonly trial: Trial
  readonly #place: SftpPlace
  readonly #files: SftpUploadFiles
  readonly #policy: RetryPolicy
  readonly #partMemory = new Semaphore(partsInMemory)

  constructor(place: SftpPlace, policy: RetryPolicy) {
    this.location = place.location
    this.capabilities = {
      atomicCreate: place.abilities.links,
      durable: place.abilities.syncsFiles && place.abilities.syncsFolders,
      checksum: 'none',
      partSize: 8 * 1024 * 1024,
      concurrency: 8,
      reopenable: true,
    }
    this.#place = place
    this.#policy = policy
    this.#files = new SftpUploadFiles(place, policy)
    this.resumable = new FileUploads(this.#files)
    this.leftovers = new SftpLeftovers(place)
    this.trial = new SftpTrial(place)
  }

  async put(key: string, bytes: Uint8Array, options: CreateOptions): Promise<void> {
    assertKey(key)
    const name = temporaryName()
    try {
      await this.#place.call(options, async (channel) => {
        const path = await this.#place.temporary(channel, name)
        using file = await SftpFile.open(channel, path, 'wx', { ...options, mode: objectMode })
        await file.write(bytes, 0, options)
        await this.#place.settle(file, key, bytes.length, options)
        options.signal?.throwIfAborted()
        await this.#place.publish(channel, name, key, options)
      })
    } finally {
      await this.#place.discard(name)
    }
  }

  async upload(key: string, source: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<void> {
    assertKey(key)
    options.signal?.throwIfAborted()
    const parts = inParts(checkedSource(key, source, options), this.capabilities.partSize, this.#partMemory)
    try {
      const next = await parts.next()
      using first = next.done ? undefined : next.value
      if (first?.bytes.length === this.capabilities.partSize) {
        await this.#uploadInParts(key, first, parts, options)
      } else {
        // A short part is the last one: the source has ended well.
        const bytes = first?.bytes ?? new Uint8Array(0)
        const { kind, signal } = options
        await retrying(() => this.put(key, bytes, { kind, signal }), { policy: this.#policy, signal })
      }
    } finally {
      await parts.return()
    }
  }

  async *read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    assertKey(key)
    yield* this.#place.stream(options, (channel) => this.#bytes(channel, key, options))
  }

  async stat(key: string, options: CallOptions = {}): Promise<{ size: number }> {
    assertKey(key)
    const size = await this.#place.call(options, async (channel) => await this.#size(channel, key, options))
    return { size }
  }

  async *list(prefix: string, { after = '', signal }: ListOptions = {}): AsyncGenerator<ListedObject> {
    assertPrefix(prefix)
    const root = this.#place.at('.')
    yield* this.#place.stream({ signal }, (channel) => listFolder(channel, root, { prefix, after, signal }))
  }

  async close(): Promise<void> {
    await this.#place.close()
  }

  async #uploadInParts(
    key: string,
    first: Part,
    others: AsyncIterable<Part>,
    { signal }: CallOptions,
  ): Promise<void> {
    const file = { name: temporaryName(), key }
    let size = 0
    const write = async (part: Part) => {
      using written = part
      const { bytes } = written
      await this.#files.write(file, bytes, size, { signal })
      size += bytes.length
    }
    try {
      await this.#files.create(file, { signal })
      await write(first)
      for await (const part of others) await write(part)
      await this.#files.publish(file, { signal, size })
    } catch (error) {
      await this.#place.discard(file.name)
      throw error
    }
  }

  async *#bytes(
    channel: SftpChannel,
    key: string,
    options: ReadOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const range = rangeWithin(key, await this.#size(channel, key, options), options.range)
    using file = await SftpFile.open(channel, this.#place.at(key), 'r', options)
    yield* file.read(range, options)
  }

  async #size(channel: SftpChannel, key: string, options: CallOptions): Promise<number> {
    const found = await look(channel, this.#place.at(key), options)
    if (found === undefined || found.isDirectory()) throw new ObjectMissingError(key)
    if (!found.isFile()) throw new StorageError(`${key} is not a file`, { transient: false })
    return found.size
  }
}
