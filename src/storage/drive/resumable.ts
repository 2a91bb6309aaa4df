import { assertKey } from '../keys.ts'
import type { ResumableOptions, ResumableUploads } from '../resumable.ts'
import { retrying, type RetryPolicy } from '../retry.ts'
import type { CallOptions } from '../storage.ts'
import type { DriveClient, NewFile } from './client.ts'
import { isIdInUse, type DriveMaking } from './making.ts'
import type { DriveObjects } from './objects.ts'
import { DriveSession, isSessionOf, sessionUnit } from './session.ts'
import { DriveUpload } from './upload.ts'

/** Uploads as sessions, which Google keeps for a week. */
export class DriveResumableUploads implements ResumableUploads {
  readonly pieceUnit = sessionUnit
  readonly maxPieces = Infinity
  readonly #client: DriveClient
  readonly #objects: DriveObjects
  readonly #making: DriveMaking
  readonly #policy: RetryPolicy

  constructor(client: DriveClient, objects: DriveObjects, making: DriveMaking, policy: RetryPolicy) {
    this.#client = client
    this.#objects = objects
    this.#making = making
    this.#policy = policy
  }

  /** @param options without `size`, all bytes that come make the object. */
  async begin(key: string, options: CallOptions & { size?: number | undefined }): Promise<DriveUpload> {
    assertKey(key)
    options.signal?.throwIfAborted()
    const begin = () => this.#begin(key, options)
    const { created, session } = await retrying(begin, { policy: this.#policy, signal: options.signal })
    return this.#upload(key, created, session, { size: options.size, held: 0 })
  }

  async resume(key: string, token: string, options: ResumableOptions): Promise<DriveUpload | undefined> {
    assertKey(key)
    const { signal, size } = options
    signal?.throwIfAborted()
    const { uri, id } = parsedToken(token, key)
    if (uri === null || id === undefined || !isSessionOf(this.#client, uri)) return undefined
    const session = new DriveSession(this.#client, key, uri)
    const ask = async () => ({
      state: await session.state(options),
      place: await this.#objects.place(key, options),
    })
    const { state, place } = await retrying(ask, { policy: this.#policy, signal })
    if (state.name !== 'open') return undefined
    return this.#upload(key, { ...place, id }, session, { size, held: state.held })
  }

  async #begin(
    key: string,
    options: CallOptions & { size?: number | undefined },
  ): Promise<{ created: NewFile; session: DriveSession }> {
    const about = { what: key, signal: options.signal }
    const place = await this.#objects.place(key, options)
    const begin = async (created: NewFile) => ({
      created,
      session: await DriveSession.begin(this.#client, key, created, { size: undefined, ...options }),
    })
    try {
      return await begin(await this.#making.plan(place, about))
    } catch (error) {
      // Whether what has the id is in the way is found out at the end, as for every other upload.
      if (isIdInUse(error)) return await begin({ ...place, id: await this.#making.unusedId(about) })
      throw error
    }
  }

  #upload(
    key: string,
    created: NewFile,
    session: DriveSession,
    about: { size: number | undefined; held: number },
  ): DriveUpload {
    const token = tokenOf(session.uri, created.id, key)
    return new DriveUpload(this.#objects, this.#policy, { ...about, key, created, session, token })
  }
}

/** A session's address, the file that it makes, and the key that it is for, which the address does not tell. */
function tokenOf(uri: URL, id: string, key: string): string {
  return `${uri.href} ${id} ${key}`
}

function parsedToken(token: string, key: string): { uri: URL | null; id: string | undefined } {
  const [href = '', id = ''] = token.split(' ', 2)
  const uri = URL.parse(href)
  const isWhole = uri !== null && token === tokenOf(uri, id, key)
  return isWhole ? { uri, id } : { uri: null, id: undefined }
}
