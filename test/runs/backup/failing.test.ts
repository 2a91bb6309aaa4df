/* A storage that fails in the middle of a backup costs that run, and nothing else. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { createBucket, storageOptions } from '../../support/bucket.ts'
import { startHttpProxy, type HttpFault } from '../../support/httpProxy.ts'
import { s3Server } from '../../support/s3Server.ts'
import { Fixture } from './fixture.ts'

const denied = { status: 403, code: 'AccessDenied' } satisfies HttpFault

/** A library of a few files with one backup on S3, behind a proxy that breaks requests. */
async function libraryOnS3() {
  await using stack = new AsyncDisposableStack()
  const server = await s3Server()
  const bucket = stack.use(await createBucket(server))
  const proxy = stack.use(await startHttpProxy(server.endpoint))
  const storage = { ...storageOptions(server, bucket.name), endpoint: proxy.url }
  const fixture = stack.use(await Fixture.create({ storage }))
  await fixture.write('library/old.jpg', Buffer.alloc(300_000, 'old'))
  await fixture.backupWell()
  const kept = stack.move()
  return { fixture, proxy, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

async function addFiles(fixture: Fixture): Promise<void> {
  for (let i = 0; i < 8; i++) {
    await fixture.write(`upload/${i}.jpg`, Buffer.alloc(300_000, `new ${i}`))
    await fixture.write(`upload/${i}.xmp`, `sidecar ${i}`)
  }
  await fixture.write('upload/film.mp4', Buffer.alloc(17_000_000, 'film'))
}

const places: [string, RegExp][] = [
  ['a content', /^PUT .*\/objects\//],
  ['a pack', /^PUT .*\/packs\//],
  ['a part of a large content', /^PUT .*\/objects\/.*partNumber=2/],
  ['the end of a large content', /^POST .*\/objects\/.*uploadId/],
  ['a data key', /^PUT .*\/keys\//],
  ['a manifest', /^PUT .*\/manifests\//],
  ['the record', /^PUT .*\/snapshots\//],
]

test.each(places)('when %s is refused the run fails, and the next one is whole', async (_, place) => {
  await using library = await libraryOnS3()
  const { fixture, proxy } = library
  await addFiles(fixture)
  proxy.breakNext(place, denied)
  await expect(fixture.backup()).rejects.toMatchObject({ name: 'AccessDeniedError', exitCode: 1 })
  expect(await fixture.names()).toEqual(['library/.immich', 'library/old.jpg', 'upload/.immich'])
  await fixture.backupWell()
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
})

test.each(places)('when the answer to %s is lost the run goes on', async (_, place) => {
  await using library = await libraryOnS3()
  const { fixture, proxy } = library
  await addFiles(fixture)
  proxy.breakNext(place, 'lost answer')
  expect((await fixture.backupWell()).changes.added).toBe(17)
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
})

test.each(places.slice(0, 2))(
  'when nobody may look whether %s with a lost answer is ours, it is stored under another key',
  async (_, place) => {
    await using library = await libraryOnS3()
    const { fixture, proxy } = library
    await addFiles(fixture)
    proxy.breakNext(place, 'lost answer')
    proxy.breakNext(/^GET .*\/(?:objects|packs)\//, denied)
    const record = await fixture.backupWell()
    expect(record.changes.added).toBe(17)
    await fixture.expectRestoresTheSame()
    await fixture.expectWhole()
  },
)

test('when the report can’t be stored the snapshot is there all the same', async () => {
  await using library = await libraryOnS3()
  const { fixture, proxy } = library
  await addFiles(fixture)
  proxy.breakNext(/^PUT .*\/runs\//, denied)
  const result = await fixture.backup()
  expect(result).toMatchObject({
    exitCode: 3,
    warnings: [expect.stringContaining('the report of this run could not be stored')],
  })
  await fixture.expectRestoresTheSame()
  const record = await fixture.backupWell()
  expect(record).toMatchObject({ sequence: 3, changes: { added: 0, storedContents: 0 } })
})

test('when the disk is full the run says so, and goes on once there is room', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('library/old.jpg', Buffer.alloc(300_000, 'old'))
  const disk = `${fixture.folder}/disk`
  execFileSync('mkdir', [disk])
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk])
  try {
    await using onDisk = await Fixture.create({ storage: { type: 'local', path: disk } })
    await onDisk.backupWell()
    await addFiles(onDisk)
    await expect(onDisk.backup()).rejects.toMatchObject({
      name: 'StorageError',
      exitCode: 1,
      message: expect.stringMatching(/full|no space/i),
    })
    expect(await onDisk.names()).toEqual(['library/.immich', 'upload/.immich'])
    execFileSync('mount', ['-o', 'remount,size=64m', disk])
    await onDisk.backupWell()
    await onDisk.expectRestoresTheSame()
    await onDisk.expectWhole()
  } finally {
    execFileSync('umount', [disk])
  }
})
