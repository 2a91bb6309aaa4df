import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { invalid, notFound } from './errors.ts'
import type { DriveFile, NewFile } from './files.ts'

const unit = 256 * 1024

interface Session {
  created: NewFile
  /** What was announced when it began. */
  size: number | undefined
  fields: string | null
  chunks: Buffer[]
  held: number
  /** The file that it became. */
  file: DriveFile | undefined
}

/** What a request to a session leads to: a file, or the number of bytes held. */
export type SessionAnswer = { file: DriveFile; fields: string | null } | { held: number }

/** Resumable uploads. What they hold is no file before its last byte came. */
export class DriveSessions {
  /** The most bytes that are kept of what one request sends, unless it completes the upload. */
  keepAtMost = Infinity
  readonly #create: (created: NewFile, bytes: Buffer) => DriveFile
  readonly #sessions = new Map<string, Session>()

  constructor(create: (created: NewFile, bytes: Buffer) => DriveFile) {
    this.#create = create
  }

  /** How many are unfinished. */
  get unfinished(): number {
    return [...this.#sessions.values()].filter(({ file }) => file === undefined).length
  }

  begin(created: NewFile, size: number | undefined, fields: string | null): string {
    const id = randomBytes(48).toString('base64url')
    this.#sessions.set(id, { created, size, fields, chunks: [], held: 0, file: undefined })
    return id
  }

  /** As a week does that passes, or a person who cancels them all. */
  expire(): void {
    this.#sessions.clear()
  }

  cancel(id: string): void {
    if (!this.#sessions.delete(id)) throw notFound('')
  }

  /** @throws DriveRefusal */
  async put(id: string, request: IncomingMessage): Promise<SessionAnswer> {
    const session = this.#sessions.get(id)
    if (session === undefined) throw notFound('')
    const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(request.headers['content-range'] ?? '')
    if (!range) throw invalid('Failed to parse Content-Range header.')
    if (session.file) {
      request.resume()
      return { file: session.file, fields: session.fields }
    }
    const total = range[3] === '*' ? undefined : Number(range[3])
    if (session.size !== undefined && total !== undefined && total !== session.size) {
      throw invalid('The total size is not that of X-Upload-Content-Length.')
    }
    if (range[1] !== undefined) {
      const [first, end] = [Number(range[1]), Number(range[2]) + 1]
      if (first > session.held) throw invalid(`The upload goes on at byte ${session.held}.`)
      if (end !== total && (end - first) % unit !== 0) throw invalid('Chunks are multiples of 256 KiB.')
      await this.#receive(session, request, first, end, end === total)
    }
    return this.#state(session, total)
  }

  /** Bytes that are held already are not looked at again. Whatever breaks off leaves whole units. */
  async #receive(
    session: Session,
    request: IncomingMessage,
    first: number,
    end: number,
    isLast: boolean,
  ): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } finally {
      const received = Buffer.concat(chunks).subarray(session.held - first)
      const arrived = session.held + received.length
      const kept = isLast && arrived === end ? received.length : Math.min(received.length, this.keepAtMost)
      const whole = isLast && arrived === end ? kept : kept - (kept % unit)
      session.chunks.push(received.subarray(0, whole))
      session.held += whole
    }
  }

  #state(session: Session, total: number | undefined): SessionAnswer {
    if (total === undefined || session.held !== total) return { held: session.held }
    session.file = this.#create(session.created, Buffer.concat(session.chunks))
    session.chunks = []
    return { file: session.file, fields: session.fields }
  }
}
