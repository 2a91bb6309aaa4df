/*
 * Google Cloud Storage's JSON API, as far as the program and Google's own client use it: objects in memory, one account,
 * and faults on demand. What it does was taken from Google's reference and from its clients; gcs.test.ts checks it with one
 * of them.
 */
import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import { TLSSocket } from 'node:tls'
import { Account } from './accounts.ts'
import { ApiError, selected, sendError, sendJson } from './answers.ts'
import { Bucket } from './bucket.ts'
import { type Fault, Faults, refuses } from './faults.ts'
import { Sessions } from './sessions.ts'
import { insertMedia, insertMultipart, namedMetadata } from './uploads.ts'
import { bodyOf, lineOf, sendMedia, type SeenRequest } from './wire.ts'

export interface GcsServer extends AsyncDisposable {
  url: string
  account: Account
  sessions: Sessions
  /** Every request to the API, oldest first. */
  requests: SeenRequest[]
  createBucket(name: string): Bucket
  /** Adds faults for the next requests whose `line` matches. */
  breakNext(matches: RegExp, ...faults: Fault[]): void
}

/** Starts a server on a free port of loopback. @param tls PEM texts, for HTTPS. */
export async function startGcsServer(tls?: { key: string; cert: string }): Promise<GcsServer> {
  const service = new Service()
  const handle = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    // Whatever goes wrong, wanted or not, the client sees a broken connection.
    service.answer(incoming, outgoing).catch(() => outgoing.destroy())
  }
  const server = tls ? https.createServer(tls, handle) : http.createServer(handle)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${address.port}`,
    account: service.account,
    sessions: service.sessions,
    requests: service.requests,
    createBucket: (name) => service.createBucket(name),
    breakNext: (matches, ...faults) => service.faults.add(matches, faults),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

interface Call {
  incoming: IncomingMessage
  outgoing: ServerResponse
  url: URL
  query: URLSearchParams
  body: Buffer
  /** Whether the body came to its end. */
  isWhole: boolean
  fault: Fault | undefined
}

class Service {
  readonly account = new Account()
  readonly sessions = new Sessions()
  readonly requests: SeenRequest[] = []
  readonly faults = new Faults()
  readonly #buckets = new Map<string, Bucket>()

  createBucket(name: string): Bucket {
    const bucket = new Bucket(name)
    this.#buckets.set(name, bucket)
    return bucket
  }

  async answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const scheme = incoming.socket instanceof TLSSocket ? 'https' : 'http'
    const url = new URL(incoming.url ?? '', `${scheme}://${incoming.headers.host}`)
    const seen = { line: lineOf(incoming, url), received: 0 }
    if (url.pathname.includes('/storage/')) this.requests.push(seen)
    const fault = this.faults.take(seen.line)
    if (fault === 'lost request') throw new Error(fault)
    const { body, isWhole } = await bodyOf(incoming, seen, fault)
    if (refuses(outgoing, incoming.url ?? '', fault)) return
    // Of a request that broke off, only a session keeps what it got; nobody hears an answer.
    if (!isWhole && !url.searchParams.has('upload_id')) throw new Error('the request broke off')
    const isUnheard = fault === 'lost answer' || fault === 'silence' || !isWhole
    const heard = isUnheard ? new http.ServerResponse(incoming) : outgoing
    try {
      this.#route({ incoming, outgoing: heard, url, query: url.searchParams, body, isWhole, fault })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      sendError(heard, error)
    }
    if (fault === 'lost answer' || !isWhole) outgoing.destroy()
  }

  #route(call: Call): void {
    const { incoming, outgoing, url, query, body } = call
    const route = `${incoming.method} ${url.pathname}`
    if (route === 'POST /v1/token') {
      return sendJson(outgoing, 200, this.account.exchange(new URLSearchParams(body.toString())))
    }
    if (url.pathname.startsWith('/computeMetadata/')) return this.#metadata(call)
    const [, isUpload, bucketName = '', , objectName] =
      /^(\/upload)?\/storage\/v1\/b\/([^/]+)(\/o(?:\/([^/]+))?)?$/.exec(url.pathname) ?? []
    const id = query.get('upload_id')
    if (isUpload && id !== null) return this.#session(id, call)
    this.account.authenticate(incoming.headers.authorization)
    const bucket = this.#bucket(decodeURIComponent(bucketName))
    if (isUpload) return this.#upload(bucket, call)
    if (objectName !== undefined) return this.#object(bucket, decodeURIComponent(objectName), call)
    if (url.pathname.endsWith('/o')) return this.#send(call, bucket.list(query))
    bucket.require('storage.buckets.get')
    this.#send(call, bucket.resource)
  }

  #object(bucket: Bucket, name: string, call: Call): void {
    if (call.incoming.method === 'DELETE') {
      bucket.delete(name)
      call.outgoing.writeHead(204).end()
    } else if (call.query.get('alt') === 'media') {
      sendMedia(call, bucket.get(name), call.fault)
    } else {
      this.#send(call, bucket.get(name).resource)
    }
  }

  #upload(bucket: Bucket, call: Call): void {
    const { incoming, outgoing, url, query, body } = call
    switch (query.get('uploadType')) {
      case 'media':
        return this.#send(
          call,
          insertMedia(bucket, query, incoming.headers['content-type'] ?? '', body).resource,
        )
      case 'multipart':
        return this.#send(call, insertMultipart(bucket, query, incoming.headers, body).resource)
      case 'resumable': {
        const id = this.sessions.start(bucket, namedMetadata(body.toString(), query), query)
        url.searchParams.set('upload_id', id)
        outgoing.writeHead(200, { location: url.href, 'content-length': 0 }).end()
        return
      }
      case null:
      default:
        throw new ApiError(400, 'invalid', 'Invalid upload request')
    }
  }

  #session(id: string, call: Call): void {
    const { incoming, outgoing, isWhole, fault } = call
    if (incoming.method === 'DELETE') return this.sessions.cancel(id)
    const most = typeof fault === 'object' && 'keepOnly' in fault ? fault.keepOnly : Infinity
    const progress = this.sessions.put(id, incoming.headers, call.body, { most, isWhole })
    if ('object' in progress) return this.#send(call, progress.object.resource, progress.query.get('fields'))
    const range = progress.held > 0 ? { range: `bytes=0-${progress.held - 1}` } : {}
    outgoing.writeHead(308, { ...range, 'content-length': 0 }).end()
  }

  /** What a machine in Google's cloud asks about itself. */
  #metadata({ incoming, outgoing, url }: Call): void {
    outgoing.setHeader('metadata-flavor', 'Google')
    if (incoming.headers['metadata-flavor'] !== 'Google') throw new ApiError(403, 'forbidden', 'Forbidden')
    if (url.pathname.endsWith('/default/token')) sendJson(outgoing, 200, this.account.newAccessToken())
    else if (url.pathname.endsWith('/instance')) sendJson(outgoing, 200, {})
    else throw new ApiError(404, 'notFound', 'Not Found')
  }

  #bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name)
    if (bucket === undefined) throw new ApiError(404, 'notFound', 'The specified bucket does not exist.')
    return bucket
  }

  #send({ outgoing, query }: Call, resource: object, fields = query.get('fields')): void {
    sendJson(outgoing, 200, selected(resource, fields))
  }
}
