import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { Readable } from 'node:stream'
import { inBlocks } from '../blocks.ts'
import { StorageError } from '../errors.ts'
import type { ReadOptions } from '../storage.ts'
import type { S3Bucket } from './bucket.ts'

/** The bytes of an object, or of a range that is not empty, as the contract's `read` gives them. */
export async function* readObject(
  bucket: S3Bucket,
  key: string,
  { range, signal }: ReadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const about = { key, signal, offset: range?.offset }
  const command = new GetObjectCommand({ ...bucket.at(key), Range: range && httpRange(range) })
  const answer = await bucket.call(about, (send) => bucket.client.send(command, send))
  const { body, length } = expectedBody(key, answer, range)
  let given = 0
  try {
    for await (const chunk of inBlocks(body, length)) {
      given += chunk.length
      yield chunk
    }
  } catch (error) {
    throw bucket.error(error, about)
  }
  if (given !== length) {
    throw new StorageError(`${key} ended after ${given} of ${length} bytes`, { transient: true })
  }
}

function httpRange({ offset, length }: NonNullable<ReadOptions['range']>): string {
  return `bytes=${offset}-${offset + length - 1}`
}

/** @throws StorageError when the server answered with other bytes than those asked for. */
function expectedBody(
  key: string,
  { Body: body, ContentLength: length, ContentRange: given }: GetObjectCommandOutput,
  range: ReadOptions['range'],
): { body: Readable; length: number } {
  if (!(body instanceof Readable) || length === undefined) {
    throw new StorageError(`the server sent ${key} without saying how long it is`, { transient: false })
  }
  if (range !== undefined) {
    const [, first, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(given ?? '') ?? []
    const expected = Math.min(range.length, Number(size) - range.offset)
    if (Number(first) !== range.offset || length !== expected) {
      body.destroy()
      throw new StorageError(
        `the server gave "${given ?? 'the whole object'}" of ${key}, not ${httpRange(range)}`,
        { transient: false },
      )
    }
  }
  return { body, length }
}
