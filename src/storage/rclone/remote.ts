import type { IncomingMessage } from 'node:http'
import type { RcloneOptions } from '../options.ts'
import type { CallOptions } from '../storage.ts'
import { RcloneApi, RcloneCallError } from './api.ts'
import { StorageError } from '../errors.ts'
import { rcloneError } from './errors.ts'
import { Outbox } from './outbox.ts'
import { Patience } from './patience.ts'

/** Hashes that Node knows, too, best first, in the names that both have for them. */
const knownHashes = ['sha256', 'sha1', 'md5'] as const
export type HashName = (typeof knownHashes)[number]

/** How fast a remote hashes that has to read its file again for it, at least, in bytes per millisecond. */
const slowestHashing = 5_000

/** How long rclone may take to end a call that was stopped, in milliseconds, before the call is left to itself. */
const endMs = 5_000

const namesAndSizes = { noModTime: true, noMimeType: true }

/** An entry of `operations/list` and `operations/stat`, as far as we ask for it. */
export interface RcloneEntry {
  Name: string
  /** In bytes; -1 where the remote does not know it. */
  Size: number
  IsDir: boolean
  /** RFC 3339. */
  ModTime?: string
  Hashes?: Partial<Record<string, string>>
}

interface FsInfo {
  Features: Partial<Record<string, boolean>>
  Hashes: string[] | null
}

/** What a remote can do. */
export interface RcloneAbilities {
  /** It moves a file to another name by itself. Those that don't are the object stores, where a file appears whole. */
  moves: boolean
  /** The best hash that it tells of a file, if any. */
  hash: HashName | undefined
}

/** One remote, or a folder of it, through rclone's API. */
export class RcloneRemote {
  /** `name:path`, as rclone has it. */
  readonly name: string
  readonly #api: RcloneApi
  readonly #outbox = new Outbox()
  readonly #idleMs: number

  /** @throws Error without a running rclone: see `prepareStorage`. */
  constructor({ remote, daemon }: RcloneOptions, idleMs: number) {
    if (!daemon) throw new Error('rclone was not started')
    this.name = remote
    this.#api = new RcloneApi(daemon, idleMs)
    this.#idleMs = idleMs
  }

  async abilities(options: CallOptions): Promise<RcloneAbilities> {
    const { Features, Hashes } = await this.#call<FsInfo>('operations/fsinfo', { fs: this.name }, options)
    return { moves: Features['Move'] === true, hash: knownHashes.find((name) => Hashes?.includes(name)) }
  }

  /** Size in bytes of a file and its hash, where asked for and told; undefined when there is no such file. */
  async stat(
    key: string,
    { hash, expectedSize = 0, signal }: CallOptions & { hash?: HashName | undefined; expectedSize?: number },
  ): Promise<{ size: number; hash: string | undefined } | undefined> {
    using patience = new Patience(this.#idleMs + expectedSize / slowestHashing)
    const hashing = hash === undefined ? {} : { showHash: true, hashTypes: [hash] }
    const parameters = { fs: this.name, remote: key, opt: { ...namesAndSizes, filesOnly: true, ...hashing } }
    const { item } = await this.#call<{ item: RcloneEntry | null }>('operations/stat', parameters, {
      signal,
      patience,
    })
    if (item === null || item.IsDir) return undefined
    return { size: item.Size, hash: hash && item.Hashes?.[hash] }
  }

  /** What lies in a folder, in no order; nothing for one that is not there. */
  async folder(
    path: string,
    { modTime = false, signal }: CallOptions & { modTime?: boolean } = {},
  ): Promise<RcloneEntry[]> {
    const opt = { ...namesAndSizes, noModTime: !modTime }
    try {
      const parameters = { fs: this.name, remote: path, opt }
      const { list } = await this.#call<{ list: RcloneEntry[] | null }>('operations/list', parameters, {
        signal,
      })
      return list ?? []
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }

  /** Opens a file for reading; undefined when there is none. Its body is read within `reading`. */
  async open(
    key: string,
    options: CallOptions & { range: string | undefined },
  ): Promise<IncomingMessage | undefined> {
    try {
      return await this.#api.open(this.name, key, options)
    } catch (cause) {
      const error = rcloneError(this.name, cause)
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** Runs what reads from an opened file. @throws errors of the storage contract, the signal's reason. */
  async reading<T>(read: () => Promise<T>, options: CallOptions): Promise<T> {
    return await this.#api.talking(options, read)
  }

  /**
   * Makes a file of a source, whatever lies there. When the source or rclone fails, or the signal aborts, the connection
   * between them breaks in the middle, and rclone removes what it wrote where that would be seen.
   * @param options.size of the source in bytes, where known.
   * @throws what the source threw, the signal's reason.
   */
  async write(
    key: string,
    source: AsyncIterable<Uint8Array>,
    { size, signal }: CallOptions & { size: number | undefined },
  ): Promise<void> {
    signal?.throwIfAborted()
    using patience = new Patience(this.#idleMs)
    const offer = await this.#outbox.offer({ source, size, onProgress: () => patience.renew() })
    const stop = () => {
      offer.withdraw()
      patience.end(endMs)
    }
    signal?.addEventListener('abort', stop, { once: true })
    try {
      const parameters = { fs: this.name, remote: key, url: offer.url, autoFilename: false }
      await this.#call('operations/copyurl', parameters, { patience })
      if (await offer.ended()) return
      throw new StorageError(`rclone did not take all of ${key}`, { transient: true })
    } catch (error) {
      offer.withdraw()
      await offer.ended()
      signal?.throwIfAborted()
      throw offer.failure ?? error
    } finally {
      signal?.removeEventListener('abort', stop)
      offer.withdraw()
    }
  }

  /** Gives a file another name. One that lies there already stays, and so does the file then. */
  async moveUnlessTaken(from: string, to: string, { signal }: CallOptions): Promise<void> {
    const files = { srcFs: this.name, srcRemote: from, dstFs: this.name, dstRemote: to }
    await this.#call('operations/movefile', { ...files, _config: { IgnoreExisting: true } }, { signal })
  }

  /** Removes a file. One that is not there is success. */
  async remove(key: string, { signal }: CallOptions): Promise<void> {
    try {
      await this.#call('operations/deletefile', { fs: this.name, remote: key }, { signal })
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }

  close(): void {
    this.#outbox.close()
    this.#api.close()
  }

  async #call<T>(
    command: string,
    parameters: object,
    options: CallOptions & { patience?: Patience },
  ): Promise<T> {
    try {
      return await this.#api.call<T>(command, parameters, options)
    } catch (error) {
      throw rcloneError(this.name, error)
    }
  }
}

/** Whether there is nothing of the kind asked for: what a file's name ends with or goes on with may be a folder. */
function isMissing(error: unknown): boolean {
  if (!(error instanceof Error) || !(error.cause instanceof RcloneCallError)) return false
  const { status, said } = error.cause
  return status === 404 || /is a directory not a file|not a directory$/.test(said)
}
