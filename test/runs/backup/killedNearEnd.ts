/*
 * A large upload that is killed near its end, and a second run that has nothing but the vault: no state directory, as
 * on another machine.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { objectSize } from '../../../src/crypto/envelope.ts'
import type { DriveOptions, StorageOptions } from '../../../src/storage/options.ts'
import { DriveServer } from '../../servers/drive/driveServer.ts'
import { startGcsServer } from '../../servers/gcs/server.ts'
import { createBucket, storageOptions } from '../../support/bucket.ts'
import type { S3Server } from '../../support/ceph.ts'
import { gcsOptions, newBucket } from '../../support/gcs.ts'
import { startHttpProxy } from '../../support/httpProxy.ts'
import { startSshServer } from '../../support/sshServer.ts'
import { startTcpProxy } from '../../support/tcpProxy.ts'
import { runChild, taskFor } from './childRun.ts'
import { Fixture } from './fixture.ts'

const megabyte = 1e6
/** Of the run that is killed, in bytes per second: so slow that the moment can't be missed. */
const uploadRate = 60 * megabyte
/** No backend has larger ones for a film of some gigabytes. */
const largestPiece = 8 * 1024 * 1024
/** Manifests, records, keys, notes, and the working copy of the manifest. */
const besides = 2 * megabyte

export interface GoneOn {
  /** Bytes that were sent more than once, index and all. */
  sentAgain: number
  /** The most that this may be: one piece, and what is no content. */
  allowed: number
  /** The second run's peak, in bytes. */
  maxRss: number
}

/** Adds a film of so many megabytes, all different, to the library. */
export async function addFilm(fixture: Fixture, megabytes: number): Promise<void> {
  await using file = await open(fixture.path('library/film.mp4'), 'wx')
  const bytes = randomBytes(megabyte)
  for (let i = 0; i < megabytes; i++) {
    bytes.writeUInt32LE(i)
    await file.writeFile(bytes)
  }
}

/** On S3. */
export async function killedOnS3(server: S3Server, megabytes: number): Promise<GoneOn> {
  await using bucket = await createBucket(server)
  await using proxy = await startHttpProxy(server.endpoint)
  const storage = { ...storageOptions(server, bucket.name), endpoint: proxy.url }
  return await killedOnTheWay(storage, proxy, megabytes)
}

/** On Google Cloud Storage. */
export async function killedOnGcs(megabytes: number): Promise<GoneOn> {
  await using server = await startGcsServer()
  await using proxy = await startHttpProxy(server.url)
  const storage = { ...gcsOptions(server, newBucket(server)), endpoint: proxy.url }
  return await killedOnTheWay(storage, proxy, megabytes)
}

/** On Google Drive. */
export async function killedOnDrive(megabytes: number): Promise<GoneOn> {
  await using server = await DriveServer.start()
  await using proxy = await startHttpProxy(server.url)
  const storage: DriveOptions = {
    type: 'drive',
    folder: server.files.sharedDriveId,
    prefix: 'immich',
    credentials: { serviceAccount: server.tokens.serviceAccountKey },
    endpoint: proxy.url,
  }
  return await killedOnTheWay(storage, proxy, megabytes)
}

/** Over SFTP, whose encryption adds a little to what is sent. */
export async function killedOnSftp(megabytes: number): Promise<GoneOn> {
  await using server = await startSshServer()
  const { options } = await server.folder()
  await using proxy = await startTcpProxy(options.port, { seed: 1, every: Infinity })
  return await killedOnTheWay({ ...options, port: proxy.port }, proxy, megabytes, 0.01)
}

/**
 * Where what is sent can be counted on its way to the server.
 * @param overhead of the protocol, as a share of what is sent.
 */
async function killedOnTheWay(
  storage: StorageOptions,
  proxy: { readonly received: number },
  megabytes: number,
  overhead = 0,
): Promise<GoneOn> {
  const size = objectSize(megabytes * megabyte)
  await using fixture = await Fixture.create({ storage })
  await addFilm(fixture, megabytes)
  const { maxRss } = await killAndGoOn(fixture, megabytes, () => proxy.received)
  return { sentAgain: proxy.received - size, allowed: largestPiece + besides + overhead * size, maxRss }
}

/** On a local disk: what had arrived is seen there, and what the second run writes is counted by the system. */
export async function killedOnDisk(megabytes: number): Promise<GoneOn> {
  await using fixture = await Fixture.create()
  await addFilm(fixture, megabytes)
  const temporary = join(fixture.vault.path, 'tmp')
  const arrived = (): number => {
    const names = existsSync(temporary) ? readdirSync(temporary) : []
    return Math.max(0, ...names.map((name) => statSync(join(temporary, name)).size))
  }
  const { bytesWritten, maxRss, before } = await killAndGoOn(fixture, megabytes, arrived)
  const left = readdirSync(temporary)
  if (left.length > 0) throw new Error(`${left.length} temporary files are left`)
  const sentAgain = bytesWritten - (objectSize(megabytes * megabyte) - before)
  return { sentAgain, allowed: largestPiece + besides, maxRss }
}

/**
 * Kills a first run at 90 %, and lets a second one go on.
 * @param sent how far the first one has come, in bytes.
 * @returns how far that was, and what the second run says of itself.
 */
async function killAndGoOn(fixture: Fixture, megabytes: number, sent: () => number) {
  const size = objectSize(megabytes * megabyte)
  const { killed } = await runChild(taskFor(fixture, { uploadRate }), async (ended) => {
    while (!ended.aborted && sent() < 0.9 * size) await delay(2)
  })
  if (!killed) throw new Error('the first run ended before it was killed')
  if ((await fixture.records()).length > 0) throw new Error('the first run committed something')
  const before = sent()
  rmSync(fixture.vault.state, { recursive: true })
  const { end } = await runChild(taskFor(fixture))
  await fixture.expectRestoresTheSame()
  return { ...end, before }
}
