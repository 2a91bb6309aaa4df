import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { errorMessage } from '../../shared/errors.ts'

/** Bytes for rclone to fetch. */
export interface Body {
  /** Read once. Each chunk has left this process when the next one is asked for. */
  source: AsyncIterable<Uint8Array>
  /** In bytes, where known. */
  size: number | undefined
  /** Called when a chunk has left. */
  onProgress: () => void
}

/**
 * Hands bytes to rclone. Its API takes a body of known size only by fetching it from a URL, so each is offered for one
 * fetch, on loopback, under a path that nobody can guess.
 */
export class Outbox {
  readonly #offers = new Map<string, Offer>()
  readonly #server = createServer(({ url = '' }, response) => {
    const offer = this.#offers.get(url)
    this.#offers.delete(url)
    if (offer) offer.fetch(response)
    else response.writeHead(404).end()
  })
  #listening: Promise<unknown> | undefined

  async offer(body: Body): Promise<Offer> {
    this.#listening ??= once(this.#server.listen(0, '127.0.0.1').unref(), 'listening')
    await this.#listening
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the outbox has no port')
    const path = `/${randomBytes(32).toString('base64url')}`
    const offer = new Offer(`http://127.0.0.1:${address.port}${path}`, body)
    this.#offers.set(path, offer)
    offer.withdrawn.addEventListener('abort', () => this.#offers.delete(path), { once: true })
    return offer
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

/** One body under a URL. */
export class Offer {
  readonly url: string
  readonly #body: Body
  readonly #withdrawing = new AbortController()
  #handingOver: Promise<boolean> | undefined
  #failure: Error | undefined

  constructor(url: string, body: Body) {
    this.url = url
    this.#body = body
  }

  get withdrawn(): AbortSignal {
    return this.#withdrawing.signal
  }

  /** What the source threw, if it did. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Answers rclone's fetch. */
  fetch(response: ServerResponse): void {
    this.#handingOver = this.#handOver(response)
  }

  /** No byte more leaves: rclone, when it is still fetching, sees the connection break. */
  withdraw(): void {
    this.#withdrawing.abort()
  }

  /** Waits until the source is closed. @returns whether every byte of it was sent. */
  async ended(): Promise<boolean> {
    return (await this.#handingOver) ?? false
  }

  /** When something fails the connection breaks, so that a part is never taken for the whole. */
  async #handOver(response: ServerResponse): Promise<boolean> {
    const { source, size, onProgress } = this.#body
    const breakOff = () => response.destroy()
    this.withdrawn.addEventListener('abort', breakOff, { once: true })
    // Without reuse of connections nothing is fetched a second time behind our back.
    const headers = { connection: 'close', ...(size === undefined ? {} : { 'content-length': size }) }
    try {
      response.writeHead(200, headers)
      for await (const chunk of source) {
        if (!(await left(response, chunk))) return false
        onProgress()
      }
      response.end()
      return true
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(errorMessage(error))
      response.destroy()
      return false
    } finally {
      this.withdrawn.removeEventListener('abort', breakOff)
    }
  }
}

/** Sends a chunk. @returns whether it has left; it does not when the connection is broken. */
async function left(response: ServerResponse, chunk: Uint8Array): Promise<boolean> {
  if (response.destroyed) return false
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const broken = () => resolve(false)
  response.once('close', broken)
  response.write(chunk, (error) => resolve(!error))
  try {
    return await promise
  } finally {
    response.off('close', broken)
  }
}
