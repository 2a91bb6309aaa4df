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

/** New small files and photos. */
async function addFiles(fixture: Fixture, round = 0): Promise<void> {
  for (let i = 0; i < 4; i++) {
    await fixture.write(`upload/${round}/${i}.jpg`, Buffer.alloc(300_000, `new ${round} ${i}`))
    await fixture.write(`upload/${round}/${i}.xmp`, `sidecar ${round} ${i}`)
  }
}

/** A new film, which goes in three parts. */
async function addFilm(fixture: Fixture, round = 0): Promise<void> {
  await fixture.write(`upload/${round}/film.mp4`, Buffer.alloc(17_000_000, `film ${round}`))
}

/** Requests that something is stored with. Those of a large content are only made when there is one. */
const places: Readonly<Record<string, RegExp>> = {
  'a content': /^PUT .*\/objects\//,
  'a pack': /^PUT .*\/packs\//,
  'a part of a large content': /^PUT .*\/objects\/.*partNumber=2/,
  'the end of a large content': /^POST .*\/objects\/.*uploadId/,
  'a data key': /^PUT .*\/keys\//,
  'a manifest': /^PUT .*\/manifests\//,
  'the record': /^PUT .*\/snapshots\//,
}

test('whatever is refused, the run fails, the snapshot before stays, and the next run is whole', async () => {
  await using library = await libraryOnS3()
  const { fixture, proxy } = library
  for (const [round, [what, place]] of Object.entries(places).entries()) {
    await addFiles(fixture, round)
    if (what.includes('large')) await addFilm(fixture, round)
    proxy.breakNext(place, denied)
    const end = await fixture.backup().then(() => 'well', nameOf)
    expect(`${what}: ${end}`).toBe(`${what}: AccessDeniedError`)
    expect(await fixture.names()).toEqual(['library/.immich', 'library/old.jpg', 'upload/.immich'])
  }
  await fixture.backupWell()
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
}, 120_000)

test('whatever was done and only its answer was lost, the run goes on', async () => {
  await using library = await libraryOnS3()
  const { fixture, proxy } = library
  for (const [round, [what, place]] of Object.entries(places).entries()) {
    await addFiles(fixture, round)
    const isLarge = what.includes('large')
    if (isLarge) await addFilm(fixture, round)
    proxy.breakNext(place, 'lost answer')
    expect((await fixture.backupWell()).changes.added).toBe(isLarge ? 9 : 8)
  }
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
}, 120_000)

test('when nobody may look whether what is there is ours, it is stored under another key', async () => {
  await using library = await libraryOnS3()
  const { fixture, proxy } = library
  for (const [round, folder] of ['objects', 'packs'].entries()) {
    await addFiles(fixture, round)
    proxy.breakNext(new RegExp(`^PUT .*/${folder}/`), 'lost answer')
    proxy.breakNext(new RegExp(`^GET .*/${folder}/`), denied)
    expect((await fixture.backupWell()).changes.added).toBe(8)
  }
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
})

test('when the report can’t be stored the snapshot is there all the same', async () => {
  await using library = await libraryOnS3()
  const { fixture, proxy } = library
  await addFiles(fixture)
  proxy.breakNext(/^PUT .*\/runs\//, denied)
  const result = await fixture.backup()
  expect(result).toMatchObject({
    exitCode: 0,
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
    await addFilm(onDisk)
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

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error)
}
