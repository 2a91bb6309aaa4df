import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { isKey } from '../keys.ts'
import type { Leftover, Leftovers } from '../leftovers.ts'
import type { CallOptions } from '../storage.ts'
import type { S3Bucket } from './bucket.ts'
import { mustBeginAnew } from './multipart.ts'

/** Multipart uploads that were neither completed nor aborted. */
export class S3Leftovers implements Leftovers {
  readonly rule: string
  readonly #bucket: S3Bucket

  constructor(bucket: S3Bucket) {
    this.rule = bucket.setup.unfinished
    this.#bucket = bucket
  }

  async *list({ signal }: CallOptions): AsyncGenerator<Leftover> {
    const { client, name, prefix } = this.#bucket
    let after: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {}
    for (;;) {
      const command = new ListMultipartUploadsCommand({ Bucket: name, Prefix: prefix, ...after })
      const page = await this.#bucket.call({ key: 'unfinished uploads', signal }, (send) =>
        client.send(command, send),
      )
      for (const { Key = '', UploadId: id, Initiated: time } of page.Uploads ?? []) {
        const key = Key.slice(prefix.length)
        if (isKey(key) && id !== undefined && time !== undefined) yield { id, key, time, size: undefined }
      }
      if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return
      after = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
    }
  }

  async remove({ id, key = '' }: Leftover, { signal }: CallOptions): Promise<void> {
    const command = new AbortMultipartUploadCommand({ ...this.#bucket.at(key), UploadId: id })
    try {
      await this.#bucket.call({ key, signal }, (send) => this.#bucket.client.send(command, send))
    } catch (error) {
      if (!mustBeginAnew(error)) throw error
    }
  }
}
