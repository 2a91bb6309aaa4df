import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { bodySlices } from '../limits/bodySlices.ts'
import type { Pace } from '../limits/throttle.ts'
import type { CallOptions } from '../storage.ts'

export interface HttpRequest extends CallOptions {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  url: URL
  headers?: Record<string, string> | undefined
  /** The body in pieces that are sent one after the other; none for a request without a body. */
  body?: readonly Uint8Array[] | undefined
}

/** Connections that are kept for the next request. One on which nothing moves for `idleMs` is given up. */
export class Connections {
  readonly #idleMs: number
  readonly #pace: Pace | undefined
  readonly #plain = new http.Agent({ keepAlive: true, maxSockets: 64 })
  readonly #secure = new https.Agent({ keepAlive: true, maxSockets: 64 })

  /** @param pace what bodies go out by. */
  constructor(idleMs: number, pace?: Pace) {
    this.#idleMs = idleMs
    this.#pace = pace
  }

  /**
   * Makes one request, once, and follows no redirect.
   * @returns the answer, whose body is still to be read: whoever has it reads it to its end or destroys it.
   * @throws the network's error, or an error of code `ETIMEDOUT`; reading the body does, too.
   */
  async send({ method, url, headers, body, signal }: HttpRequest): Promise<IncomingMessage> {
    const [client, agent] = url.protocol === 'https:' ? [https, this.#secure] : [http, this.#plain]
    const length = body?.reduce((sum, { byteLength }) => sum + byteLength, 0)
    const outgoing = client.request(url, {
      method,
      headers: { ...headers, ...(length === undefined ? {} : { 'content-length': length }) },
      agent,
      timeout: this.#idleMs,
      ...(signal === undefined ? {} : { signal }),
    })
    let answer: IncomingMessage | undefined
    outgoing.on('timeout', () => {
      // Where bytes wait to be taken, it is not the server that is slow.
      if (answer !== undefined && answer.readableLength > 0) outgoing.setTimeout(this.#idleMs)
      else (answer ?? outgoing).destroy(silence(this.#idleMs))
    })
    // What breaks after the answer began is told by the answer's own stream.
    outgoing.on('error', () => {})
    const answered = once(outgoing, 'response')
    // A server may refuse before it has read everything: its answer counts, and `answered` tells of everything else.
    pipeline(Readable.from(bodySlices(body ?? [], this.#pace), { objectMode: false }), outgoing).catch(
      () => {},
    )
    ;[answer] = (await answered) as [IncomingMessage]
    return answer
  }

  close(): void {
    this.#plain.destroy()
    this.#secure.destroy()
  }
}

function silence(idleMs: number): Error {
  return Object.assign(new Error(`nothing came from the server for ${idleMs / 1000} s`), {
    code: 'ETIMEDOUT',
  })
}
