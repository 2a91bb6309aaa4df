/*
 * A large upload that is killed near its end goes on where it stopped, in a process that has nothing but the vault: no
 * state directory, as on another machine.
 */
import { randomBytes } from 'node:crypto'
import { createWriteStream, existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { objectSize } from '../../../src/crypto/envelope.ts'
import { createBucket, storageOptions } from '../../support/bucket.ts'
import { startHttpProxy } from '../../support/httpProxy.ts'
import { s3Server } from '../../support/s3Server.ts'
import { keysIn } from '../verify/tampering.ts'
import { runChild, taskFor } from './childRun.ts'
import { Fixture } from './fixture.ts'

const megabyte = 1e6
const filmSize = 256 * megabyte
const size = objectSize(filmSize)
/** Manifests, records, keys, notes, and the working copy of the manifest. */
const besides = 2 * megabyte
const memoryLimit = 300 * megabyte

async function addFilm(fixture: Fixture, megabytes = filmSize / megabyte): Promise<void> {
  const bytes = Readable.from(
    (function* () {
      for (let i = 0; i < megabytes; i++) yield randomBytes(megabyte)
    })(),
  )
  await pipeline(bytes, createWriteStream(fixture.path('library/film.mp4')))
}

/** @returns what the second run says of itself. `sent` tells how far the first one has come, in bytes. */
async function killAndGoOn(fixture: Fixture, sent: () => number) {
  const { killed } = await runChild(taskFor(fixture), async (ended) => {
    while (!ended.aborted && sent() < 0.9 * size) await delay(2)
  })
  expect(killed).toBe(true)
  expect(await fixture.records()).toEqual([])
  rmSync(fixture.vault.state, { recursive: true })
  const { end } = await runChild(taskFor(fixture))
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
  return end
}

test('on S3', async () => {
  const server = await s3Server()
  await using bucket = await createBucket(server)
  await using proxy = await startHttpProxy(server.endpoint)
  const storage = { ...storageOptions(server, bucket.name), endpoint: proxy.url }
  await using fixture = await Fixture.create({ storage })
  await addFilm(fixture)
  const { maxRss } = await killAndGoOn(fixture, () => proxy.received)
  const piece = 5 * 1024 * 1024
  expect(proxy.received).toBeGreaterThan(size)
  expect(proxy.received).toBeLessThan(size + piece + besides)
  expect(proxy.requests.filter((line) => line.startsWith('POST') && line.endsWith('?uploads'))).toHaveLength(
    1,
  )
  expect(maxRss).toBeLessThan(memoryLimit)
}, 120_000)

test('on a local disk', async () => {
  await using fixture = await Fixture.create()
  await addFilm(fixture)
  const temporary = join(fixture.vault.path, 'tmp')
  let arrived = 0
  const { bytesWritten, maxRss } = await killAndGoOn(fixture, () => {
    const names = existsSync(temporary) ? readdirSync(temporary) : []
    arrived = Math.max(0, ...names.map((name) => statSync(join(temporary, name)).size))
    return arrived
  })
  const piece = 8 * 1024 * 1024
  expect(bytesWritten).toBeGreaterThan(size - arrived - piece)
  expect(bytesWritten).toBeLessThan(size - arrived + piece + besides)
  expect(readdirSync(temporary)).toEqual([])
  expect(maxRss).toBeLessThan(memoryLimit)
}, 120_000)

test('in write-only mode there is no note, since nobody could go on with it', async () => {
  for (const writeOnly of [false, true]) {
    await using fixture = await Fixture.create({ writeOnly })
    await addFilm(fixture, 70)
    await fixture.backupWell()
    expect(existsSync(join(fixture.vault.path, 'uploads'))).toBe(!writeOnly)
    expect(keysIn(fixture.vault, 'objects')).toHaveLength(1)
  }
}, 60_000)

test('a film that is backed up twice over is stored once, and its note troubles nobody', async () => {
  await using fixture = await Fixture.create()
  await addFilm(fixture, 70)
  await fixture.backupWell()
  await fixture.move('library/film.mp4', 'upload/film.mp4')
  rmSync(fixture.vault.state, { recursive: true })
  const { changes } = await fixture.backupWell()
  expect(changes.storedContents).toBe(0)
  await fixture.expectWhole()
}, 60_000)
