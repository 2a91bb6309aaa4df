import { Semaphore } from '../../shared/semaphore.ts'
import { checkedSource, inParts, rangeWithin, type Part } from '../bytes.ts'
import { ObjectMissingError, StorageError } from '../errors.ts'
import { assertKey, assertPrefix } from '../keys.ts'
import type { DriveOptions } from '../options.ts'
import { defaultRetryPolicy, retrying, type RetryPolicy } from '../retry.ts'
import { walkTree } from '../tree.ts'
import { DriveClient, type NewFile } from './client.ts'
import type { DriveFile } from './file.ts'
import { DriveFolders } from './folders.ts'
import { DriveIds } from './ids.ts'
import { DriveMaking } from './making.ts'
import { DriveObjects } from './objects.ts'
import { DriveResumableUploads } from './resumable.ts'
import { myDrive } from './root.ts'
import { Sums } from './sums.ts'
import { DriveTrial } from './trial.ts'
import type {
  CallOptions,
  Capabilities,
  ListedObject,
  ListOptions,
  PutOptions,
  ReadOptions,
  Storage,
  UploadOptions,
} from '../storage.ts'

/** What Drive takes in a single request. */
const singleRequestSize = 5_000_000
/** Of all uploads together. */
const partsInMemory = 3

/** How long a server's failures are borne. */
export interface DrivePatience {
  /** For the parts of an upload: whole calls are tried again by the wrapper of retry.ts. */
  retry: RetryPolicy
  /** Milliseconds without any progress after which a connection is given up. */
  idleMs: number
}

/**
 * Opens a folder in Google Drive. Nothing is asked of Google yet.
 * @throws UserError when the key of the service account is none.
 */
export function openDrive(
  options: DriveOptions,
  { retry, idleMs }: DrivePatience = { retry: defaultRetryPolicy, idleMs: 60_000 },
): Storage {
  return new DriveStorage(options, retry, idleMs)
}

/** Objects as files, in folders that are named as the parts of their keys: a person sees the vault as it is. */
class DriveStorage implements Storage {
  readonly capabilities: Capabilities = {
    // See DriveObjects.settle for what takes its place.
    atomicCreate: false,
    durable: true,
    checksum: 'sha256',
    partSize: 8 * 1024 * 1024,
    concurrency: 8,
    reopenable: true,
  }
  readonly location: string
  readonly resumable: DriveResumableUploads
  readonly trial: DriveTrial
  readonly #client: DriveClient
  readonly #ids: DriveIds
  readonly #making: DriveMaking
  readonly #folders: DriveFolders
  readonly #objects: DriveObjects
  readonly #policy: RetryPolicy
  readonly #partMemory = new Semaphore(partsInMemory)

  constructor(options: DriveOptions, policy: RetryPolicy, idleMs: number) {
    const { folder = myDrive, prefix } = options
    this.location = `drive://${folder}/${prefix}`
    this.#client = new DriveClient(options, this.location, idleMs)
    this.#ids = new DriveIds(options.cacheFolder)
    this.#making = new DriveMaking(this.#client, this.#ids)
    this.#folders = new DriveFolders(this.#client, this.#making, folder)
    this.#objects = new DriveObjects(this.#client, this.#folders, this.#making, { prefix, policy })
    this.#policy = policy
    this.resumable = new DriveResumableUploads(this.#client, this.#objects, this.#making, policy)
    this.trial = new DriveTrial(this.#client, this.#folders, this.#objects)
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    assertKey(key)
    options.signal?.throwIfAborted()
    if (bytes.length > singleRequestSize) return await this.#putLarge(key, bytes, options)
    const { signal } = options
    const place = await this.#objects.place(key, options)
    await this.#objects.assertFree(key, place, options)
    const created = await this.#making.plan(place, { what: key, signal })
    const sums = new Sums().update(bytes)
    const file = await this.#createFile(key, created, bytes, options)
    await this.#objects.verify(key, created, file, sums)
    await this.#objects.settle(key, created, file, options)
  }

  async upload(key: string, source: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<void> {
    assertKey(key)
    const { partSize } = this.capabilities
    const parts = inParts(checkedSource(key, source, options), partSize, this.#partMemory)
    try {
      const next = await parts.next()
      const first = next.done ? undefined : next.value
      if (first?.bytes.length === partSize) {
        await this.#uploadParts(key, first, parts, options)
      } else {
        // A short part is the last one: the source has ended well.
        using short = first
        const bytes = short?.bytes ?? new Uint8Array(0)
        const { kind, signal } = options
        await retrying(() => this.put(key, bytes, { kind, signal }), { policy: this.#policy, signal })
      }
    } finally {
      await parts.return()
    }
  }

  async *read(key: string, { range, signal }: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    const file = await this.#file(key, { signal })
    const [start, end] = rangeWithin(key, file.size, range)
    if (start === end) return
    const asked = { offset: start, length: end - start }
    const bytes = this.#client.download(file.id, { what: key, signal, range: range && asked })
    let given = 0
    for await (const chunk of bytes) {
      given += chunk.length
      if (given > asked.length) break
      yield chunk
    }
    if (given !== asked.length) {
      const what = given > asked.length ? 'more' : String(given)
      throw new StorageError(`Drive gave ${what} of ${asked.length} bytes of ${key}`, { transient: true })
    }
  }

  async stat(key: string, { signal }: CallOptions = {}): Promise<{ size: number }> {
    const { size } = await this.#file(key, { signal })
    return { size }
  }

  async *list(prefix: string, { after = '', signal }: ListOptions = {}): AsyncGenerator<ListedObject> {
    assertPrefix(prefix)
    signal?.throwIfAborted()
    const entriesOf = (folder: string) => this.#objects.entries(folder, { signal })
    for await (const { key, file } of walkTree(entriesOf, { prefix, after })) {
      signal?.throwIfAborted()
      yield { key, size: file.size }
    }
  }

  async close(): Promise<void> {
    this.#ids.close()
  }

  async #createFile(
    key: string,
    created: NewFile,
    bytes: Uint8Array,
    { signal }: CallOptions,
  ): Promise<DriveFile> {
    try {
      return await this.#client.createFile(created, bytes, { what: key, signal })
    } catch (error) {
      throw await this.#objects.whyNot(key, created, error, { signal })
    }
  }

  async #putLarge(key: string, bytes: Uint8Array, { signal }: CallOptions): Promise<void> {
    const upload = await this.resumable.begin(key, { size: bytes.length, signal })
    try {
      upload.appendAll(bytes)
      await upload.complete({ signal })
    } catch (error) {
      await upload.abandonAfter(error)
      throw error
    }
  }

  async #uploadParts(
    key: string,
    first: Part,
    others: AsyncIterable<Part>,
    { signal }: CallOptions,
  ): Promise<void> {
    using _first = first
    const upload = await this.resumable.begin(key, { signal })
    try {
      await upload.append(first.bytes, { signal })
      first[Symbol.dispose]()
      for await (const next of others) {
        using part = next
        await upload.append(part.bytes, { signal })
      }
      await upload.complete({ signal })
    } catch (error) {
      await upload.abandonAfter(error)
      throw error
    }
  }

  async #file(key: string, { signal }: CallOptions): Promise<DriveFile> {
    assertKey(key)
    signal?.throwIfAborted()
    const file = await this.#objects.find(key, { signal })
    if (file === undefined) throw new ObjectMissingError(key)
    return file
  }
}
