import { paginateListObjectsV2 } from '@aws-sdk/client-s3'
import { isKey } from '../keys.ts'
import type { ListedObject, ListOptions } from '../storage.ts'
import type { S3Bucket } from './bucket.ts'

/** The objects whose keys begin with `prefix`, and when each was stored. What is no key is left out. */
export async function* listObjects(
  bucket: S3Bucket,
  prefix: string,
  { after, signal }: ListOptions,
): AsyncGenerator<ListedObject & { stored: Date | undefined }, void, undefined> {
  const { name, client, prefix: root } = bucket
  const input = { Bucket: name, Prefix: root + prefix, ...(after && { StartAfter: root + after }) }
  const pages = paginateListObjectsV2({ client }, input, signal && { abortSignal: signal })
  for (;;) {
    const page = await bucket.call({ key: prefix, signal }, () => pages.next())
    if (page.done) return
    for (const { Key = '', Size: size = 0, LastModified: stored } of page.value.Contents ?? []) {
      const key = Key.slice(root.length)
      if (isKey(key)) yield { key, size, stored }
    }
  }
}
