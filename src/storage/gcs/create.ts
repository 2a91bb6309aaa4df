import { randomUUID } from 'node:crypto'
import { StorageError } from '../errors.ts'
import type { CreateOptions } from '../storage.ts'
import type { GcsBucket, Query } from './bucket.ts'
import { Crc32c } from './crc32c.ts'

/** The precondition of every create: that there is no object, in any generation, under the name. */
export const onlyIfAbsent = { ifGenerationMatch: '0' } as const

/**
 * Creates an object by one request, which carries its checksum: the server refuses other bytes.
 * @throws ObjectExistsError
 */
export async function createObject(
  bucket: GcsBucket,
  key: string,
  bytes: Uint8Array,
  options: CreateOptions,
): Promise<void> {
  await sendObject(bucket, { key, bytes, query: onlyIfAbsent, creates: true, ...options })
}

/** The same whatever is there, for a probe that finds out whether that would be allowed. */
export async function replaceObject(
  bucket: GcsBucket,
  key: string,
  bytes: Uint8Array,
  options: CreateOptions,
): Promise<void> {
  await sendObject(bucket, { key, bytes, query: {}, creates: false, ...options })
}

interface SentObject extends CreateOptions {
  key: string
  bytes: Uint8Array
  query: Query
  creates: boolean
}

async function sendObject(
  bucket: GcsBucket,
  { key, bytes, kind, query, creates, signal }: SentObject,
): Promise<void> {
  const crc32c = new Crc32c().update(bytes).base64
  const { contentType, body } = related({ ...bucket.metadata(key, { kind }), crc32c }, bytes)
  const url = bucket.uploadUrl({ uploadType: 'multipart', fields: 'crc32c', ...query })
  const headers = { 'content-type': contentType }
  const request = { method: 'POST', url, headers, body } as const
  const stored = await bucket.json<{ crc32c?: string }>({ key, signal, creates }, request)
  if (stored.crc32c !== crc32c) throw storedOtherBytes(key)
}

/** The server took what was sent, and says of what it has that it is something else. */
export function storedOtherBytes(key: string): StorageError {
  return new StorageError(`the server has other bytes under ${key} than were sent`, {
    transient: false,
    hint: 'It did not keep to the checksum that came with them, or somebody else sent others at the same time.',
  })
}

/** A body of metadata and bytes (RFC 2387). */
function related(metadata: object, bytes: Uint8Array): { contentType: string; body: Uint8Array[] } {
  const boundary = randomUUID()
  const head =
    `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(metadata)}\r\n` +
    `--${boundary}\r\ncontent-type: application/octet-stream\r\n\r\n`
  return {
    contentType: `multipart/related; boundary=${boundary}`,
    body: [Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)],
  }
}
