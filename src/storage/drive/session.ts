/*
 * Resumable upload sessions: https://developers.google.com/workspace/drive/api/guides/manage-uploads#resumable
 * A session lives for a week. Its address lets whoever has it write to the upload: it goes into no error and no log.
 */
import type { drive_v3 } from '@googleapis/drive'
import { StorageError } from '../errors.ts'
import type { CallOptions } from '../storage.ts'
import { bodyOf, type DriveClient, type NewFile } from './client.ts'
import { driveFile, fileFields, type DriveFile } from './file.ts'

/** Bytes that everything sent but the end of a file has to be a multiple of. */
export const sessionUnit = 256 * 1024

/** How an upload stands: how many bytes Drive holds, or the file that it became. */
export type SessionState =
  { name: 'open'; held: number } | { name: 'complete'; file: DriveFile } | { name: 'gone' }

const resumeIncomplete = 308
/** The last is Google's own status for an upload that was cancelled. */
const goneStatuses = [404, 410, 499]

/** Bytes of a file, the first of which is its byte `first`. */
export interface Stretch {
  first: number
  bytes: readonly Uint8Array[]
}

/** An upload session that was begun, by whichever process. */
export class DriveSession {
  readonly uri: URL
  readonly #client: DriveClient
  readonly #key: string

  constructor(client: DriveClient, key: string, uri: URL) {
    this.#client = client
    this.#key = key
    this.uri = uri
  }

  /** @param size of the file in bytes, where it is known. */
  static async begin(
    client: DriveClient,
    key: string,
    { id, name, parent }: NewFile,
    { size, signal }: CallOptions & { size: number | undefined },
  ): Promise<DriveSession> {
    const url = new URL('upload/drive/v3/files', client.endpoint)
    const query = { uploadType: 'resumable', supportsAllDrives: 'true', fields: fileFields }
    url.search = new URLSearchParams(query).toString()
    const location = await client.call({ what: key, signal }, async ({ signal }) => {
      const { headers } = await client.auth.request({
        method: 'POST',
        url,
        signal,
        data: { id, name, parents: [parent] },
        headers: {
          'x-upload-content-type': 'application/octet-stream',
          ...(size === undefined ? {} : { 'x-upload-content-length': String(size) }),
        },
      })
      return headers.get('location')
    })
    const uri = URL.parse(location ?? '')
    if (uri !== null && isSessionOf(client, uri)) return new DriveSession(client, key, uri)
    throw new StorageError(`Drive gave no session of its own for ${key}`, { transient: false })
  }

  /** Sends bytes whose number is a multiple of `sessionUnit`; Drive may keep fewer. */
  async send(stretch: Stretch, options: CallOptions): Promise<SessionState> {
    return await this.#put(contentRange(stretch, '*'), stretch.bytes, options)
  }

  /** Sends the last bytes. */
  async finish(stretch: Stretch, options: CallOptions): Promise<SessionState> {
    return await this.#put(contentRange(stretch, endOf(stretch)), stretch.bytes, options)
  }

  /** Asks how the upload stands. Without naming its size, which could finish it. */
  async state(options: CallOptions): Promise<SessionState> {
    return await this.#put('bytes */*', [], options)
  }

  /** Ends the upload. One that is gone already is success, and so is one that only time ends. */
  async cancel({ signal }: CallOptions): Promise<void> {
    await this.#client.call({ what: this.#key, signal }, async ({ signal }) => {
      await this.#client.auth.transporter.request({
        method: 'DELETE',
        url: this.uri,
        signal,
        responseType: 'text',
        validateStatus: (status) => status < 500,
      })
    })
  }

  async #put(range: string, bytes: readonly Uint8Array[], { signal }: CallOptions): Promise<SessionState> {
    return await this.#client.call({ what: this.#key, signal }, async ({ signal }, watch) => {
      const length = bytes.reduce((sum, piece) => sum + piece.length, 0)
      const answer = await this.#client.auth.transporter.request<drive_v3.Schema$File>({
        method: 'PUT',
        url: this.uri,
        signal,
        responseType: 'json',
        headers: { 'content-range': range, 'content-length': String(length) },
        ...(length === 0 ? {} : { data: bodyOf(bytes, watch) }),
        validateStatus: (status) => isSuccess(status) || isAboutSession(status),
      })
      if (isSuccess(answer.status)) return { name: 'complete', file: driveFile(answer.data) }
      if (answer.status !== resumeIncomplete) return { name: 'gone' }
      return { name: 'open', held: heldBy(answer.headers.get('range')) }
    })
  }
}

/** Whether an address leads to a session of the service that we talk to. */
export function isSessionOf({ endpoint }: DriveClient, uri: URL): boolean {
  return uri.origin === new URL(endpoint).origin && uri.pathname.startsWith('/upload/drive/')
}

function isSuccess(status: number): boolean {
  return status === 200 || status === 201
}

function isAboutSession(status: number): boolean {
  return status === resumeIncomplete || goneStatuses.includes(status)
}

function endOf({ first, bytes }: Stretch): number {
  return bytes.reduce((end, piece) => end + piece.length, first)
}

function contentRange(stretch: Stretch, size: number | '*'): string {
  const end = endOf(stretch)
  return end === stretch.first ? `bytes */${size}` : `bytes ${stretch.first}-${end - 1}/${size}`
}

/** `bytes=0-262143` holds 262,144; without a header, nothing arrived so far. */
function heldBy(range: string | null): number {
  if (range === null) return 0
  const [, last] = /^bytes=0-(\d+)$/.exec(range) ?? []
  if (last !== undefined) return Number(last) + 1
  throw new StorageError(`Drive holds "${range}" of an upload, which is no beginning`, { transient: false })
}
