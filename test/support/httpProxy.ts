import { once } from 'node:events'
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** What goes wrong with one request. */
export type HttpFault =
  /** The connection breaks before the request reaches the server. */
  | 'lost request'
  /** The server does what is asked, but the connection breaks before its answer arrives. */
  | 'lost answer'
  /** The server does what is asked, but no answer ever comes. */
  | 'silence'
  /** The server never hears of the request, and no answer ever comes. */
  | 'deaf'
  /** The connection breaks after so many bytes of the request's body. */
  | { cutRequestAt: number }
  /** The answer's first kilobytes come in small pieces, with so many milliseconds before each. */
  | { trickleMs: number }
  /** Nothing more comes after so many bytes of the answer's body. */
  | { silentAfter: number }
  /** The connection breaks after so many bytes of the answer's body. */
  | { cutAnswerAt: number }
  /** The proxy answers in the server's place, in the way of S3. */
  | { status: number; code: string; headers?: Record<string, string> }

const notImplemented: HttpFault = { status: 501, code: 'NotImplemented' }

export interface HttpProxy extends AsyncDisposable {
  url: string
  /** The requests that came, as `PUT /bucket/key?partNumber=2`, without other query parameters. */
  requests: string[]
  /** Bytes of requests' bodies that went on to the server. */
  readonly received: number
  /** Adds faults for the next requests that `matches` finds in the form above. */
  breakNext(matches: RegExp, ...faults: HttpFault[]): void
}

/** Decides what goes wrong with a request that came, in the form of `HttpProxy.requests`. */
export type HttpFaultPlan = (request: string, headers: IncomingHttpHeaders) => HttpFault | undefined

/**
 * An HTTP proxy on loopback before the server at `target`, which counts requests and breaks them as told.
 * @param options.plan for the requests that nothing else was told about.
 * @param options.unknownHeaders requests with such a header are answered 501, as by a server that does not know it.
 */
export async function startHttpProxy(
  target: string,
  { unknownHeaders, plan }: { unknownHeaders?: RegExp; plan?: HttpFaultPlan } = {},
): Promise<HttpProxy> {
  const requests: string[] = []
  let received = 0
  const faults: { matches: RegExp; fault: HttpFault }[] = []
  const server = createServer((incoming, outgoing) => {
    const line = requestLine(incoming)
    requests.push(line)
    const found = faults.findIndex(({ matches }) => matches.test(line))
    const isUnknown = Object.keys(incoming.headers).some((name) => unknownHeaders?.test(name))
    const told = isUnknown ? notImplemented : faults.splice(found, found === -1 ? 0 : 1)[0]?.fault
    const fault = told ?? plan?.(line, incoming.headers)
    // Whatever goes wrong, wanted or not, the client sees a broken connection.
    forward(target, { incoming, outgoing, count: (bytes) => (received += bytes) }, fault).catch(() =>
      outgoing.destroy(),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    get received() {
      return received
    },
    breakNext: (matches, ...added) => faults.push(...added.map((fault) => ({ matches, fault }))),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function requestLine({ method, url = '' }: IncomingMessage): string {
  const { pathname, searchParams } = new URL(url, 'http://proxy')
  const part = searchParams.get('partNumber')
  const kind = part ? `?partNumber=${part}` : searchParams.has('uploads') ? '?uploads' : ''
  return `${method} ${pathname}${kind || (searchParams.has('uploadId') ? '?uploadId' : '')}`
}

async function forward(
  target: string,
  {
    incoming,
    outgoing,
    count,
  }: { incoming: IncomingMessage; outgoing: ServerResponse; count: (bytes: number) => void },
  fault: HttpFault | undefined,
): Promise<void> {
  if (fault === 'lost request') throw new Error(fault)
  if (fault === 'deaf') return
  if (typeof fault === 'object' && 'status' in fault) {
    incoming.resume()
    await once(incoming, 'end')
    const body = `<Error><Code>${fault.code}</Code><Message>said the proxy</Message></Error>`
    outgoing.writeHead(fault.status, { 'content-type': 'application/xml', ...fault.headers }).end(body)
    return
  }
  const { method, url, headers } = incoming
  const onward = request(new URL(url ?? '', target), { method, headers })
  // A server may answer before it has read everything. What breaks earlier breaks its answer, too.
  const cutAt = typeof fault === 'object' && 'cutRequestAt' in fault ? fault.cutRequestAt : Infinity
  pipeline(incoming, cut(cutAt), counted(count), onward).catch(() => {})
  const [answer] = (await once(onward, 'response')) as [IncomingMessage]
  if (fault === 'lost answer') {
    answer.resume()
    await once(answer, 'end')
    throw new Error(fault)
  }
  if (fault === 'silence') {
    answer.resume()
    return
  }
  // A connection with an unread rest of a request in it is of no more use.
  const ending = incoming.complete ? {} : { connection: 'close' }
  outgoing.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...ending })
  await pipeline(spoiled(answer, fault), outgoing)
}

function counted(count: (bytes: number) => void) {
  return async function* (body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      yield chunk
      count(chunk.length)
    }
  }
}

/** Passes on so many bytes, and fails when there are more. */
function cut(at: number) {
  return async function* (body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let left = at
    for await (const chunk of body) {
      yield chunk.subarray(0, left)
      left -= chunk.length
      if (left <= 0) throw new Error('it is cut here')
    }
  }
}

async function* spoiled(answer: AsyncIterable<Buffer>, fault: HttpFault | undefined): AsyncGenerator<Buffer> {
  if (typeof fault !== 'object') yield* answer
  else if ('trickleMs' in fault) yield* trickled(answer, fault.trickleMs)
  else if ('cutAnswerAt' in fault) yield* cut(fault.cutAnswerAt)(answer)
  else if ('silentAfter' in fault) yield* silenced(answer, fault.silentAfter)
  else yield* answer
}

async function* trickled(answer: AsyncIterable<Buffer>, ms: number): AsyncGenerator<Buffer> {
  let pieces = 0
  for await (const chunk of answer) {
    let at = 0
    for (; at < chunk.length && pieces < 20; at += 500, pieces++) {
      await delay(ms)
      yield chunk.subarray(at, at + 500)
    }
    yield chunk.subarray(at)
  }
}

async function* silenced(answer: AsyncIterable<Buffer>, after: number): AsyncGenerator<Buffer> {
  let left = after
  for await (const chunk of answer) {
    yield chunk.subarray(0, left)
    left -= chunk.length
    if (left <= 0) await new Promise(() => {})
  }
}
