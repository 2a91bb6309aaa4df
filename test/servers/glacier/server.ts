/*
 * Amazon's archive classes before a real S3 server that has none: a proxy that refuses to read what is frozen, takes
 * RestoreObject, and answers HeadObject with `x-amz-restore`. Hours of thawing pass when the test says so.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html, API_HeadObject.html, API_GetObject.html
 */
import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { s3Client } from '../../support/bucket.ts'
import type { S3Server } from '../../support/ceph.ts'
import { Restores, S3Refusal } from './restores.ts'

export interface Glacier extends S3Server, AsyncDisposable {
  /** The thaws that were begun: `Bulk, 3 days: /bucket/key`. */
  readonly begun: readonly string[]
  /** Lets so many hours pass: thaws end, and what was thawed freezes again. */
  pass(hours: number): void
}

/** Starts one before a server. Objects in `GLACIER` and `DEEP_ARCHIVE` are frozen there from the start. */
export async function startGlacier(behind: S3Server): Promise<Glacier> {
  const client = s3Client(behind)
  const restores = new Restores()
  const server = createServer((incoming, outgoing) => {
    // Whatever goes wrong, the client sees a broken connection.
    answer(incoming, outgoing).catch(() => outgoing.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the listener has no port')

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://glacier')
    const path = decodeURIComponent(pathname)
    if (incoming.method === 'POST' && searchParams.has('restore')) {
      const body = await text(incoming)
      const status = await refusable(outgoing, async () =>
        restores.begin(path, await storageClassOf(path), body),
      )
      if (status !== undefined) outgoing.writeHead(status).end()
      return
    }
    await forward(behind.endpoint, incoming, outgoing, (answered) => {
      const storageClass = answered.headers['x-amz-storage-class']
      if (typeof storageClass !== 'string' || !restores.isFrozenClass(storageClass)) return {}
      if (incoming.method === 'GET') restores.requireThawed(path, storageClass)
      return restores.headers(path)
    })
  }

  async function storageClassOf(path: string): Promise<string> {
    const [, Bucket, ...rest] = path.split('/')
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: rest.join('/') }))
    return head.StorageClass ?? 'STANDARD'
  }

  return {
    ...behind,
    endpoint: `http://127.0.0.1:${address.port}`,
    begun: restores.begun,
    pass: (hours) => restores.pass(hours),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      client.destroy()
    },
  }
}

/** @param extra headers for the answer, or a refusal in its place. */
async function forward(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  extra: (answered: IncomingMessage) => Record<string, string>,
): Promise<void> {
  const { method, url, headers } = incoming
  const onward = request(new URL(url ?? '', target), { method, headers })
  // A server may answer before it has read everything. What breaks earlier breaks its answer, too.
  pipeline(incoming, onward).catch(() => {})
  const [answered] = (await once(onward, 'response')) as [IncomingMessage]
  const added = await refusable(outgoing, () => extra(answered))
  if (added === undefined) {
    answered.destroy()
    return
  }
  // A connection with an unread rest of a request in it is of no more use.
  const ending = incoming.complete ? {} : { connection: 'close' }
  outgoing.writeHead(answered.statusCode ?? 500, { ...answered.headers, ...added, ...ending })
  await pipeline(answered, outgoing)
}

/** What `decide` gives; undefined when it refused, which is answered then. */
async function refusable<T>(outgoing: ServerResponse, decide: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await decide()
  } catch (error) {
    if (!(error instanceof S3Refusal)) throw error
    const body = `<Error><Code>${error.code}</Code><Message>${error.message}</Message></Error>`
    outgoing.writeHead(error.status, { 'content-type': 'application/xml' }).end(body)
    return undefined
  }
}
