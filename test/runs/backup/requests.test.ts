/* How many requests a backup costs, counted where they arrive. */
import { rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parseDatabaseUrl } from '../../../src/immich/databaseUrl.ts'
import { openStorage } from '../../../src/storage/open.ts'
import { openVault } from '../../../src/vault/vault.ts'
import { createSmallImmich } from '../../immich/smallImmich.ts'
import { createBucket, storageOptions } from '../../support/bucket.ts'
import { CountingStorage } from '../../support/countingStorage.ts'
import { startHttpProxy } from '../../support/httpProxy.ts'
import { startPostgres } from '../../support/postgres.ts'
import { s3Server } from '../../support/s3Server.ts'
import { Fixture, recordOf } from './fixture.ts'

/** A library whose vault lies on S3, behind a proxy that counts. */
async function libraryOnS3() {
  await using stack = new AsyncDisposableStack()
  const server = await s3Server()
  const bucket = stack.use(await createBucket(server))
  const proxy = stack.use(await startHttpProxy(server.endpoint))
  const storage = { ...storageOptions(server, bucket.name, 'immich'), endpoint: proxy.url }
  const fixture = stack.use(await Fixture.create({ storage }))
  for (let i = 0; i < 5; i++) {
    await fixture.write(`library/a/${i}.jpg`, Buffer.alloc(300_000, `photo ${i}`))
    await fixture.write(`upload/b/${i}.xmp`, `sidecar ${i}`)
  }
  const kept = stack.move()
  return {
    fixture,
    /** The requests that `work` makes, without the bucket's own name. */
    requestsOf: async (work: () => Promise<unknown>): Promise<string[]> => {
      const before = proxy.requests.length
      await work()
      return proxy.requests.slice(before).map((line) => line.replace(`/${bucket.name}`, ''))
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

test('a run with nothing new makes five requests from local state', async () => {
  await using library = await libraryOnS3()
  const { fixture, requestsOf } = library
  await fixture.backupWell()
  const requests = await requestsOf(() => fixture.backupWell())
  expect(requests).toEqual([
    'GET /immich/vault.json',
    'GET /immich/keys/index/1.sealed',
    'GET /',
    expect.stringMatching(/^PUT \/immich\/hosts\/main\/snapshots\/0000000002-/),
    expect.stringMatching(/^PUT \/immich\/runs\//),
  ])
})

test('with a database it makes seven, the dump’s own apart', async () => {
  await using library = await libraryOnS3()
  await using postgres = await startPostgres()
  const url = await postgres.createDatabase('immich')
  await createSmallImmich(url, '3.1.0')
  const { fixture, requestsOf } = library
  // Young files that the database does not name would wait for a later run.
  const sources = fixture.sources('library', 'upload').map((source) => ({ ...source, immich: false }))
  const database = { settings: parseDatabaseUrl(url), serverUrl: undefined, configuredVersion: undefined }
  await fixture.backup({ database, sources })
  const requests = await requestsOf(() => fixture.backup({ database, sources }))
  const besides = requests.filter((line) => !line.includes('/immich/database/'))
  expect(besides.length).toBeLessThan(requests.length)
  expect(besides).toEqual([
    'GET /immich/vault.json',
    'GET /immich/keys/index/1.sealed',
    'GET /',
    expect.stringMatching(/^PUT \/immich\/keys\/[0-9a-f]{32}\/1\.age/),
    expect.stringMatching(/^PUT \/immich\/hosts\/main\/manifests\//),
    expect.stringMatching(/^PUT \/immich\/hosts\/main\/snapshots\//),
    expect.stringMatching(/^PUT \/immich\/runs\//),
  ])
})

test('without state it makes one more for the newest record, and one for each manifest that is needed', async () => {
  await using library = await libraryOnS3()
  const { fixture, requestsOf } = library
  for (let i = 0; i < 4; i++) {
    await fixture.write('library/new.jpg', `new ${i}`)
    await fixture.backupWell()
  }
  await rm(fixture.vault.state, { recursive: true })
  const requests = await requestsOf(async () => {
    expect((await fixture.backupWell()).manifests).toHaveLength(4)
  })
  expect(requests).toHaveLength(5 + 1 + 4)
})

test('moving folders sends no content', async () => {
  await using library = await libraryOnS3()
  const { fixture, requestsOf } = library
  await fixture.backupWell()
  await fixture.move('library/a', 'upload/a')
  await fixture.move('upload/b', 'library/b')
  const requests = await requestsOf(async () => {
    expect((await fixture.backupWell()).changes).toMatchObject({ added: 10, archived: 10, storedContents: 0 })
  })
  expect(requests.filter((line) => /\/(?:objects|packs)\//.test(line))).toEqual([])
})

test('a run with nothing new makes five calls of a local storage as well', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('library/a.jpg', 'photo')
  await fixture.backupWell()
  const counting = new CountingStorage(await openStorage(fixture.vault.storage))
  const { identity, pin } = fixture.vault
  const vault = await openVault(counting, { identity, pin })
  expect(recordOf(await fixture.backup({ vault })).changes.storedContents).toBe(0)
  expect(counting.calls).toEqual({ put: 2, upload: 0, read: 2, stat: 0, list: 1 })
})
