import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { GoogleTokens } from './tokens.ts'
import { answerApi, type Call } from './api.ts'
import { DriveRefusal } from './errors.ts'
import { DriveFiles } from './files.ts'
import { DriveSessions } from './sessions.ts'

/** A request that came: `POST /upload/drive/v3/files?uploadType=resumable`, without other query parameters. */
export interface ServedRequest {
  line: string
  /** What `files.list` searched for. */
  query: string | undefined
  /** Bytes of its body that arrived. */
  bytes: number
}

/**
 * A server on loopback that speaks version 3 of Drive's HTTP protocol as far as backups use it, for one user and one
 * service account, with a My Drive and a shared drive.
 */
export class DriveServer implements AsyncDisposable {
  readonly url: string
  readonly tokens = new GoogleTokens()
  readonly files = new DriveFiles()
  readonly sessions = new DriveSessions((created, bytes) => this.files.create(created, bytes))
  readonly requests: ServedRequest[] = []
  readonly #events: { matches: RegExp; happen: () => void }[] = []
  readonly #server: Server

  static async start(): Promise<DriveServer> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new DriveServer(server)
  }

  private constructor(server: Server) {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the server has no port')
    this.url = `http://127.0.0.1:${address.port}/`
    this.#server = server
    server.on('request', (request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.destroy()
        // A request that broke off needs no answer. Anything else is a mistake of this server's.
        if (request.complete) throw error
      })
    })
  }

  /** Refuses the next requests that `matches` finds, once each, in this order. */
  refuseNext(matches: RegExp, ...refusals: DriveRefusal[]): void {
    for (const refusal of refusals) {
      this.beforeNext(matches, () => {
        throw refusal
      })
    }
  }

  /** Has something happen right before the next request that `matches` finds is answered. */
  beforeNext(matches: RegExp, happen: () => void): void {
    this.#events.push({ matches, happen })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', `http://${request.headers.host ?? ''}`)
    const served = { line: lineOf(request, url), query: url.searchParams.get('q') ?? undefined, bytes: 0 }
    this.requests.push(served)
    request.on('data', (chunk: Buffer) => (served.bytes += chunk.length))
    request.pause()
    try {
      const found = this.#events.findIndex(({ matches }) => matches.test(served.line))
      if (found !== -1) this.#events.splice(found, 1)[0]?.happen()
      await this.#answer({ request, response, url })
    } catch (error) {
      if (!(error instanceof DriveRefusal)) throw error
      request.resume()
      if (!request.complete) await once(request, 'end')
      const headers = { 'content-type': 'application/json; charset=UTF-8', ...error.headers }
      response.writeHead(error.status, headers).end(JSON.stringify(error.body))
    }
  }

  async #answer(call: Call): Promise<void> {
    const { request, response, url } = call
    if (url.pathname === '/token') {
      const chunks = await Array.fromAsync(request, (chunk) => chunk as Buffer)
      const { status, body } = this.tokens.answer(new URLSearchParams(Buffer.concat(chunks).toString()))
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      return
    }
    await answerApi(this, call)
  }
}

function lineOf({ method }: IncomingMessage, { pathname, searchParams }: URL): string {
  const type = searchParams.get('uploadType')
  const session = searchParams.has('upload_id') ? '&upload_id' : ''
  return `${method} ${pathname}${type === null ? '' : `?uploadType=${type}${session}`}`
}
