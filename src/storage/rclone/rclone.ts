import type { IncomingMessage } from 'node:http'
import { beyondEnd, checkedSource, rangeWithin } from '../bytes.ts'
import { ObjectMissingError, StorageError } from '../errors.ts'
import { assertKey, assertPrefix } from '../keys.ts'
import type { RcloneOptions } from '../options.ts'
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
import { walkTree } from '../tree.ts'
import { slicesOf, whenSure } from './bodies.ts'
import { createFile } from './create.ts'
import { RcloneLeftovers } from './leftovers.ts'
import { filesIn } from './list.ts'
import { RcloneRemote, type RcloneAbilities } from './remote.ts'
import { RcloneTrial } from './trial.ts'

/** Longer than rclone itself fights for a call: it gives a silent server up after a minute, ten times. */
const usualIdleMs = 11 * 60_000

/**
 * Opens a remote through the rclone that `prepareStorage` started.
 * @param idleMs how long rclone may work on a call without a sign of progress, in milliseconds.
 * @throws UserError when rclone does not know the remote, or can't open it.
 */
export async function openRclone(
  options: RcloneOptions,
  { idleMs = usualIdleMs, signal }: CallOptions & { idleMs?: number } = {},
): Promise<Storage> {
  const remote = new RcloneRemote(options, idleMs)
  try {
    return new RcloneStorage(remote, await remote.abilities({ signal }))
  } catch (error) {
    remote.close()
    throw error
  }
}

/** Objects as files below a remote's folder. */
class RcloneStorage implements Storage {
  readonly capabilities: Capabilities
  readonly location: string
  readonly leftovers: RcloneLeftovers | undefined
  readonly trial: RcloneTrial
  readonly #remote: RcloneRemote
  readonly #abilities: RcloneAbilities

  constructor(remote: RcloneRemote, abilities: RcloneAbilities) {
    this.location = remote.name
    this.leftovers = abilities.moves ? new RcloneLeftovers(remote) : undefined
    this.trial = new RcloneTrial(remote)
    this.#remote = remote
    this.#abilities = abilities
    this.capabilities = {
      atomicCreate: false,
      durable: false,
      checksum: abilities.hash ?? 'none',
      partSize: 8 * 1024 * 1024,
      concurrency: 8,
      reopenable: true,
    }
  }

  async put(key: string, bytes: Uint8Array, { signal }: PutOptions): Promise<void> {
    assertKey(key)
    signal?.throwIfAborted()
    const object = { key, source: slicesOf(bytes), size: bytes.length }
    await createFile(this.#remote, this.#abilities, object, { signal })
  }

  async upload(key: string, source: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<void> {
    assertKey(key)
    const { size, signal } = options
    signal?.throwIfAborted()
    const object = { key, source: whenSure(checkedSource(key, source, options)), size }
    await createFile(this.#remote, this.#abilities, object, { signal })
  }

  async *read(key: string, { range, signal }: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    assertKey(key)
    if (range?.length === 0) {
      // HTTP has no empty range, but whether it begins within the object still has to be told.
      rangeWithin(key, (await this.stat(key, { signal })).size, range)
      return
    }
    const answer = await this.#remote.open(key, { range: range && httpRange(range), signal })
    if (answer === undefined) throw new ObjectMissingError(key)
    try {
      const length = expectedLength(key, answer, range)
      let given = 0
      const chunks = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>
      for (;;) {
        const next = await this.#remote.reading(async () => await chunks.next(), { signal })
        if (next.done) break
        given += next.value.length
        yield next.value
      }
      if (given !== length) {
        throw new StorageError(`${key} ended after ${given} of ${length} bytes`, { transient: true })
      }
    } finally {
      answer.destroy()
    }
  }

  async stat(key: string, { signal }: CallOptions = {}): Promise<{ size: number }> {
    assertKey(key)
    const found = await this.#remote.stat(key, { signal })
    if (found === undefined) throw new ObjectMissingError(key)
    return { size: found.size }
  }

  async *list(prefix: string, { after = '', signal }: ListOptions = {}): AsyncGenerator<ListedObject> {
    assertPrefix(prefix)
    const files = walkTree(async (folder) => await filesIn(this.#remote, folder, { signal }), {
      prefix,
      after,
    })
    for await (const { key, file } of files) {
      signal?.throwIfAborted()
      yield { key, size: file.Size }
    }
    signal?.throwIfAborted()
  }

  async close(): Promise<void> {
    this.#remote.close()
  }
}

function httpRange({ offset, length }: NonNullable<ReadOptions['range']>): string {
  return `bytes=${offset}-${Math.min(offset + length, Number.MAX_SAFE_INTEGER) - 1}`
}

/** @throws StorageError when these are other bytes than those asked for. */
function expectedLength(
  key: string,
  { statusCode, headers }: IncomingMessage,
  range: ReadOptions['range'],
): number {
  const given = headers['content-range']
  const length = Number(headers['content-length'] ?? NaN)
  if (range === undefined && statusCode === 200 && !Number.isNaN(length)) return length
  if (range !== undefined) {
    // rclone 1.60 answers 206 to a range beyond the end, too, and ignores one of an empty file.
    const size = statusCode === 200 ? length : Number(/\/(\d+)$/.exec(given ?? '')?.[1])
    if (statusCode === 416 || size <= range.offset) throw beyondEnd(key, range.offset)
    const expected = Math.min(range.length, size - range.offset)
    if (given?.startsWith(`bytes ${range.offset}-`) && length === expected) return length
  }
  const asked = range === undefined ? 'all' : httpRange(range)
  throw new StorageError(`rclone gave "${given ?? 'the whole'}" of ${key}, not ${asked}`, {
    transient: false,
  })
}
