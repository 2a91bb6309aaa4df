import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'

/** How a receiver answers one request: with a status, late, or not at all. */
export type Answer =
  | { status: number; headers?: Record<string, string>; body?: string; afterMs?: number }
  | 'silence'
  | 'hang up'

export interface Received {
  method: string
  /** With the query. */
  path: string
  headers: IncomingHttpHeaders
  body: string
}

export interface Receiver extends AsyncDisposable {
  url: string
  requests: Received[]
}

/** An HTTP server on loopback that keeps what it is sent. @param answers to the first requests; 200 to all others. */
export async function startReceiver(answers: readonly Answer[] = []): Promise<Receiver> {
  const requests: Received[] = []
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming
    const received = async (): Promise<void> => {
      const answer = answers[requests.length] ?? { status: 200 }
      requests.push({ method, path: url, headers, body: await text(incoming) })
      if (answer === 'silence') return
      if (answer === 'hang up') {
        incoming.socket.destroy()
        return
      }
      // A test that has ended does not wait for an answer that comes too late.
      await delay(answer.afterMs ?? 0, undefined, { ref: false })
      outgoing.writeHead(answer.status, answer.headers).end(answer.body)
    }
    received().catch(() => outgoing.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
