import { drive, type drive_v3 } from '@googleapis/drive'
import { Readable } from 'node:stream'
import { StorageError } from '../errors.ts'
import type { DriveOptions } from '../options.ts'
import type { CallOptions, ReadOptions } from '../storage.ts'
import { headerIn } from './answer.ts'
import { driveAuth, type DriveAuth } from './credentials.ts'
import { driveError } from './errors.ts'
import { driveFile, fileFields, folderType, type DriveFile } from './file.ts'
import { Watch } from './watch.ts'

const googlesEndpoint = 'https://www.googleapis.com/'
/** How much of a body is handed to the connection at once, in bytes. */
const sliceSize = 64 * 1024
/** Without it, nothing in a shared drive is seen. */
const supportsAllDrives = true

/** What a call is about, for its error. */
export interface About extends CallOptions {
  what: string
}

/** How a file or folder is to be made. The id is one that Drive generated, so that it can't be made twice. */
export interface NewFile {
  id: string
  name: string
  parent: string
  isFolder: boolean
}

type Range = NonNullable<ReadOptions['range']>

/** One call of the client: it hands these options on. */
type Operation<T> = (options: { signal: AbortSignal; rootUrl: string }, watch: Watch) => Promise<T>

/** Calls to Drive, version 3 of its API, each made once. */
export class DriveClient {
  readonly location: string
  /** Where the API is, with a slash at the end. */
  readonly endpoint: string
  readonly auth: DriveAuth
  readonly #files: drive_v3.Resource$Files
  readonly #idleMs: number

  constructor(options: DriveOptions, location: string, idleMs: number) {
    this.location = location
    this.endpoint = options.endpoint ?? googlesEndpoint
    this.auth = driveAuth(options, idleMs)
    this.#files = drive({ version: 'v3', auth: this.auth }).files
    this.#idleMs = idleMs
  }

  /** One page of what `query` finds, in no useful order. @param driveId of the shared drive to look in, if it is one. */
  async search(
    query: string,
    { driveId, pageToken, ...about }: About & { driveId: string | undefined; pageToken?: string | undefined },
  ): Promise<{ files: DriveFile[]; nextPageToken: string | undefined }> {
    const page = await this.call(about, async (options) => {
      const { data } = await this.#files.list(
        {
          q: query,
          pageSize: 1000,
          fields: `nextPageToken,incompleteSearch,files(${fileFields})`,
          supportsAllDrives,
          includeItemsFromAllDrives: true,
          ...(driveId === undefined ? {} : { corpora: 'drive', driveId }),
          ...(pageToken === undefined ? {} : { pageToken }),
        },
        options,
      )
      return data
    })
    if (page.incompleteSearch) {
      throw new StorageError(`Drive did not look everywhere for ${about.what}`, { transient: true })
    }
    return { files: (page.files ?? []).map(driveFile), nextPageToken: page.nextPageToken ?? undefined }
  }

  /** A file or folder by its id, in the trash or not. @throws Error of status 404 when there is none. */
  async get(fileId: string, about: About): Promise<DriveFile> {
    return await this.call(about, async (options) => {
      const { data } = await this.#files.get({ fileId, fields: fileFields, supportsAllDrives }, options)
      return driveFile(data)
    })
  }

  async generateIds(count: number, about: About): Promise<string[]> {
    return await this.call(about, async (options) => {
      const { data } = await this.#files.generateIds({ count, space: 'drive', type: 'files' }, options)
      return data.ids ?? []
    })
  }

  async createFolder({ id, name, parent }: NewFile, about: About): Promise<DriveFile> {
    const requestBody = { id, name, parents: [parent], mimeType: folderType }
    return await this.call(about, async (options) => {
      const { data } = await this.#files.create(
        { requestBody, fields: fileFields, supportsAllDrives },
        options,
      )
      return driveFile(data)
    })
  }

  /** Creates a file in one request, as Drive allows it up to 5 MB. */
  async createFile({ id, name, parent }: NewFile, bytes: Uint8Array, about: About): Promise<DriveFile> {
    const requestBody = { id, name, parents: [parent] }
    return await this.call(about, async (options, watch) => {
      const media = { mimeType: 'application/octet-stream', body: bodyOf([bytes], watch) }
      const { data } = await this.#files.create(
        { requestBody, media, fields: fileFields, supportsAllDrives },
        options,
      )
      return driveFile(data)
    })
  }

  /** The bytes of a file, or of a range that lies within it. What came is counted by nobody here. */
  async *download(
    fileId: string,
    { range, ...about }: About & Pick<ReadOptions, 'range'>,
  ): AsyncGenerator<Buffer, void, undefined> {
    about.signal?.throwIfAborted()
    using watch = new Watch(about, this.#idleMs)
    const headers = range && { range: `bytes=${range.offset}-${range.offset + range.length - 1}` }
    try {
      const answer = await watch.unlessEnded(
        this.#files.get(
          { fileId, alt: 'media', supportsAllDrives },
          { ...this.#options(watch), responseType: 'stream', ...(headers && { headers }) },
        ),
      )
      const body = answer.data
      // The client tells of an abort by an event, also when nobody reads any more.
      body.on('error', () => {})
      if (range !== undefined && !isRange(answer, range)) {
        body.destroy()
        throw new StorageError(`Drive gave another range of ${about.what}`, { transient: false })
      }
      for await (const chunk of body) {
        watch.pause()
        yield chunk as Buffer
        watch.moved()
      }
    } catch (error) {
      throw this.#error(error, watch, about)
    }
  }

  async trash(fileId: string, about: About): Promise<void> {
    await this.call(about, async (options) => {
      await this.#files.update({ fileId, requestBody: { trashed: true }, supportsAllDrives }, options)
    })
  }

  /** Deletes for good, past the trash. */
  async delete(fileId: string, about: About): Promise<void> {
    await this.call(about, async (options) => {
      await this.#files.delete({ fileId, supportsAllDrives }, options)
    })
  }

  async overwrite(fileId: string, bytes: Uint8Array, about: About): Promise<void> {
    await this.call(about, async (options, watch) => {
      const media = { mimeType: 'application/octet-stream', body: bodyOf([bytes], watch) }
      await this.#files.update({ fileId, media, supportsAllDrives }, options)
    })
  }

  /** Whether this account may delete what lies in a folder of a shared drive for good; undefined where Drive doesn't say. */
  async mayDeleteIn(fileId: string, about: About): Promise<boolean | undefined> {
    return await this.call(about, async (options) => {
      const fields = 'capabilities(canDeleteChildren)'
      const { data } = await this.#files.get({ fileId, fields, supportsAllDrives }, options)
      return data.capabilities?.canDeleteChildren ?? undefined
    })
  }

  /** The Date of an answer that every account gets, whatever it sees. */
  async date(about: About): Promise<Date> {
    return await this.call(about, async (options) => {
      const { headers } = await this.#files.generateIds({ count: 1 }, options)
      return new Date(headerIn(headers, 'date') ?? NaN)
    })
  }

  /**
   * Makes one call.
   * @throws the caller's reason when its signal aborted, otherwise an error of the storage contract.
   */
  async call<T>(about: About, operation: Operation<T>): Promise<T> {
    about.signal?.throwIfAborted()
    using watch = new Watch(about, this.#idleMs)
    try {
      return await watch.unlessEnded(operation(this.#options(watch), watch))
    } catch (error) {
      throw this.#error(error, watch, about)
    }
  }

  #options({ signal }: Watch) {
    return { signal, rootUrl: this.endpoint }
  }

  #error(error: unknown, { signal }: Watch, { what }: About): unknown {
    if (signal.aborted) return signal.reason
    return error instanceof StorageError ? error : driveError(error, what, this.location)
  }
}

function isRange(answer: { status: number; headers: unknown }, { offset, length }: Range): boolean {
  const given = headerIn(answer.headers, 'content-range') ?? ''
  return answer.status === 206 && given.startsWith(`bytes ${offset}-${offset + length - 1}/`)
}

/** A body over bytes that stay where they are, which tells the watch that it moves. */
export function bodyOf(pieces: readonly Uint8Array[], watch: Watch): Readable {
  return Readable.from(slicesOf(pieces, watch), { objectMode: false })
}

function* slicesOf(pieces: readonly Uint8Array[], watch: Watch): Generator<Uint8Array, void, undefined> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += sliceSize) {
      watch.moved()
      yield piece.subarray(at, at + sliceSize)
    }
  }
}
