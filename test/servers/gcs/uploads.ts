/* The two ways to create an object by a single request. */
import type { IncomingHttpHeaders } from 'node:http'
import { ApiError } from './answers.ts'
import type { Bucket, Metadata, StoredObject } from './bucket.ts'

/** The body is the object, and its name is in the query. */
export function insertMedia(
  bucket: Bucket,
  query: URLSearchParams,
  type: string,
  body: Buffer,
): StoredObject {
  const metadata = { name: query.get('name') ?? '', contentType: type }
  return bucket.insert(metadata, body, query)
}

/** The body has two parts: the metadata, then the object. */
export function insertMultipart(
  bucket: Bucket,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
  body: Buffer,
): StoredObject {
  const [, boundary = ''] = /boundary="?([^";]+)"?/.exec(headers['content-type'] ?? '') ?? []
  const parts = splitAt(body, Buffer.from(`--${boundary}`))
  const [head, media, end] = parts.slice(1)
  if (boundary === '' || !head || !media || end?.toString().trim() !== '--') {
    throw new ApiError(400, 'badRequest', 'Malformed multipart body.')
  }
  return bucket.insert(namedMetadata(contentOf(head).toString(), query), contentOf(media), query)
}

/** Metadata as JSON; the name may stand in the query instead. */
export function namedMetadata(json: string, query: URLSearchParams): Metadata {
  const metadata = (json === '' ? {} : JSON.parse(json)) as Metadata
  const name = metadata.name ?? query.get('name')
  return name === null ? metadata : { ...metadata, name }
}

function splitAt(body: Buffer, separator: Buffer): Buffer[] {
  const parts: Buffer[] = []
  let start = 0
  for (let at = body.indexOf(separator); at !== -1; at = body.indexOf(separator, start)) {
    parts.push(body.subarray(start, at))
    start = at + separator.length
  }
  return [...parts, body.subarray(start)]
}

/** What stands between a part's headers and the line break before the next boundary. */
function contentOf(part: Buffer): Buffer {
  return part.subarray(part.indexOf('\r\n\r\n') + 4, -2)
}
