/* Requests as they come, and objects as they go. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApiError } from './answers.ts'
import type { StoredObject } from './bucket.ts'
import { type Fault, flipped, sendBytes } from './faults.ts'

export interface SeenRequest {
  /** `POST /upload/storage/v1/b/bucket/o?multipart`, `PUT /upload/storage/v1/b/bucket/o bytes 0-8388607/*` */
  line: string
  /** Bytes of its body that arrived. */
  received: number
}

/** A request's `line`. */
export function lineOf({ method, headers }: IncomingMessage, { pathname, searchParams }: URL): string {
  const type = searchParams.has('upload_id')
    ? null
    : (searchParams.get('uploadType') ?? searchParams.get('alt'))
  const range = headers['content-range']
  return [
    `${method} ${pathname}${type === null ? '' : `?${type}`}`,
    ...(range === undefined ? [] : [range]),
  ].join(' ')
}

/** What arrives of a body, also where the connection breaks in it. */
export async function bodyOf(
  incoming: IncomingMessage,
  seen: SeenRequest,
  fault: Fault | undefined,
): Promise<{ body: Buffer; isWhole: boolean }> {
  const most = typeof fault === 'object' && 'breakAfter' in fault ? fault.breakAfter : Infinity
  const chunks: Buffer[] = []
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      seen.received += chunk.length
      chunks.push(chunk)
      if (seen.received >= most) break
    }
  } catch {
    return { body: Buffer.concat(chunks), isWhole: false }
  }
  const body = Buffer.concat(chunks)
  if (most !== Infinity) return { body: body.subarray(0, most), isWhole: false }
  const isFlipped = typeof fault === 'object' && 'flip' in fault && fault.flip === 'request'
  return { body: isFlipped ? flipped(body) : body, isWhole: true }
}

/** Sends an object's bytes, or the range of them that was asked for. */
export function sendMedia(
  { incoming, outgoing }: { incoming: IncomingMessage; outgoing: ServerResponse },
  { bytes, resource }: StoredObject,
  fault: Fault | undefined,
): void {
  const headers = {
    'content-type': resource.contentType,
    'x-goog-hash': [`crc32c=${resource.crc32c}`, `md5=${resource.md5Hash}`],
    'x-goog-generation': resource.generation,
    'x-goog-storage-class': resource.storageClass,
    'x-goog-stored-content-length': bytes.length,
  }
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(incoming.headers.range ?? '') ?? []
  if (first === undefined) {
    outgoing.writeHead(200, { ...headers, 'content-length': bytes.length })
    return sendBytes(outgoing, bytes, fault)
  }
  const start = Number(first)
  const end = Math.min(bytes.length, last === '' ? Infinity : Number(last) + 1)
  if (start >= bytes.length) {
    throw new ApiError(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable')
  }
  const range = `bytes ${start}-${end - 1}/${bytes.length}`
  outgoing.writeHead(206, { ...headers, 'content-range': range, 'content-length': end - start })
  sendBytes(outgoing, bytes.subarray(start, end), fault)
}
