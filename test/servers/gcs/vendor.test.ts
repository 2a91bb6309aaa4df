/* The server against Google's own client: what the client can do with the real one, it can do here. */
import { CRC32C, Storage, type CreateWriteStreamOptions, type File } from '@google-cloud/storage'
import { randomBytes } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { afterAll, expect, test } from 'vitest'
import { newBucket } from '../../support/gcs.ts'
import { startGcsServer } from './server.ts'

const server = await startGcsServer()
afterAll(() => server[Symbol.asyncDispose]())
const onlyIfAbsent = { preconditionOpts: { ifGenerationMatch: 0 } }

/** A bucket as the server has it, and as the client sees it. */
function place() {
  const client = new Storage({
    apiEndpoint: server.url,
    useAuthWithCustomEndpoint: true,
    projectId: 'project',
    retryOptions: { autoRetry: false },
  })
  client.authClient.jsonContent = JSON.parse(server.account.keyFile) as object
  client.authClient.useJWTAccessWithScope = true
  const there = newBucket(server)
  return { there, bucket: client.bucket(there.name) }
}

/** Uploads by a session. The client forgets its credentials where it begins one by itself on an endpoint like this. */
async function upload(file: File, bytes: Buffer, options: CreateWriteStreamOptions = {}): Promise<void> {
  const [uri] = await file.createResumableUpload(onlyIfAbsent)
  await pipeline([bytes], file.createWriteStream({ ...options, uri, resumable: true }))
}

test('an object saved at once comes back, and its checksums hold', async () => {
  const { bucket, there } = place()
  const bytes = randomBytes(300_000)
  const metadata = { storageClass: 'ARCHIVE', contentType: 'image/jpeg' }
  await bucket.file('a/b c').save(bytes, { resumable: false, metadata, validation: 'crc32c' })
  const [copy] = await bucket.file('a/b c').download({ validation: 'crc32c' })
  expect(bytes.equals(copy)).toBe(true)
  const [part] = await bucket.file('a/b c').download({ start: 100, end: 199 })
  expect(part.equals(bytes.subarray(100, 200))).toBe(true)
  const [shown] = await bucket.file('a/b c').getMetadata()
  expect(shown).toMatchObject({ ...metadata, size: '300000', name: 'a/b c', bucket: there.name })
})

test('a taken name is refused, and so is a missing one', async () => {
  const { bucket } = place()
  const file = bucket.file('taken')
  await file.save('first', { resumable: false, ...onlyIfAbsent })
  const refused = { code: 412, errors: [{ reason: 'conditionNotMet' }] }
  await expect(file.save('second', { resumable: false, ...onlyIfAbsent })).rejects.toMatchObject(refused)
  await expect(upload(file, Buffer.from('second'))).rejects.toMatchObject({ code: 412 })
  expect(String((await file.download())[0])).toBe('first')
  await expect(bucket.file('missing').getMetadata()).rejects.toMatchObject({ code: 404 })
  await expect(bucket.file('missing').download()).rejects.toMatchObject({ code: 404 })
})

test.each([
  ['in one request', undefined],
  ['in many', 256 * 1024],
])('a resumable upload %s becomes the object', async (_, chunkSize) => {
  const { bucket, there } = place()
  const bytes = randomBytes(3 * 256 * 1024 + 17)
  await upload(bucket.file('large'), bytes, chunkSize === undefined ? {} : { chunkSize })
  expect(there.objects.get('large')?.bytes.equals(bytes)).toBe(true)
  expect(server.sessions.unfinished(there)).toEqual([])
})

test('a chunk of which the server kept only a part is sent on from there', async () => {
  const { bucket, there } = place()
  const bytes = randomBytes(1024 * 1024)
  server.breakNext(/bytes 0-/, { keepOnly: 300_000 })
  await upload(bucket.file('large'), bytes, { chunkSize: 512 * 1024 })
  expect(there.objects.get('large')?.bytes.equals(bytes)).toBe(true)
})

test('a session goes on elsewhere, from where its chunks ended', async () => {
  const { bucket, there } = place()
  const bytes = randomBytes(600_000)
  const [uri] = await bucket.file('resumed').createResumableUpload(onlyIfAbsent)
  const first = bytes.subarray(0, 512 * 1024)
  const partial = { uri, resumable: true, isPartialUpload: true, chunkSize: 256 * 1024 }
  await pipeline([first], bucket.file('resumed').createWriteStream(partial))
  expect(server.sessions.unfinished(there)).toEqual(['resumed'])
  const rest = { uri, resumable: true, offset: first.length, validation: false }
  await pipeline([bytes.subarray(first.length)], bucket.file('resumed').createWriteStream(rest))
  expect(there.objects.get('resumed')?.bytes.equals(bytes)).toBe(true)
})

test('bytes that are not those of the announced checksum are refused, and leave nothing', async () => {
  const { bucket, there } = place()
  const others = new CRC32C()
  others.update(Buffer.from('others'))
  const metadata = { crc32c: others.toString() }
  const saving = bucket.file('one request').save('bytes', { resumable: false, metadata })
  const refused = { code: 400, message: expect.stringContaining("doesn't match calculated CRC32C") }
  await expect(saving).rejects.toMatchObject(refused)
  const [uri] = await bucket.file('session').createResumableUpload({ ...onlyIfAbsent, metadata })
  const writing = pipeline(['bytes'], bucket.file('session').createWriteStream({ uri, resumable: true }))
  await expect(writing).rejects.toMatchObject(refused)
  expect(there.objects.size).toBe(0)
})

test('listings come in pages, in order, from an offset', async () => {
  const { bucket, there } = place()
  there.pageSize = 2
  const names = ['a', 'b/1', 'b/2', 'b/3', 'c']
  for (const name of names) await bucket.file(name).save(name, { resumable: false })
  const [all] = await bucket.getFiles()
  expect(all.map((file) => file.name)).toEqual(names)
  const [some] = await bucket.getFiles({ prefix: 'b/', startOffset: 'b/2' })
  expect(some.map((file) => file.name)).toEqual(['b/2', 'b/3'])
})

test('roles are kept: who may not delete can neither delete nor replace', async () => {
  const { bucket, there } = place()
  await bucket.file('kept').save('first', { resumable: false })
  there.denied.add('storage.objects.delete')
  await expect(bucket.file('kept').delete()).rejects.toMatchObject({ code: 403 })
  await expect(bucket.file('kept').save('second', { resumable: false })).rejects.toMatchObject({ code: 403 })
  there.denied.clear()
  await bucket.file('kept').delete()
  expect((await bucket.file('kept').exists())[0]).toBe(false)
  expect((await bucket.getMetadata())[0]).toMatchObject({ name: there.name, storageClass: 'STANDARD' })
})

test('another account is not let in', async () => {
  await using other = await startGcsServer()
  const { bucket } = place()
  bucket.storage.authClient.jsonContent = JSON.parse(other.account.keyFile) as object
  await expect(bucket.getMetadata()).rejects.toMatchObject({ code: 401 })
})
