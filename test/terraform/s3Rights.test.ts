/* The policies for S3 on a real server: what each identity has to do works with its rights, and nothing else does. */
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { openStorage } from '../../src/storage/open.ts'
import { Fixture } from '../runs/backup/fixture.ts'
import { addFilm } from '../runs/backup/killedNearEnd.ts'
import { verifyVault } from '../runs/verify/verifying.ts'
import { resultsOf } from '../storage/probe/probing.ts'
import { collect, keysOf } from '../storage/streams.ts'
import { createBucket, s3Client, storageOptions } from '../support/bucket.ts'
import { startHttpProxy } from '../support/httpProxy.ts'
import { s3Server } from '../support/s3Server.ts'
import { createS3User, type S3User } from '../support/s3User.ts'
import type { Statement } from './iam.ts'
import { s3Policies } from './policies.ts'

const server = await s3Server()
const owner = s3Client(server)
const megabyte = 1e6

/**
 * The policy of an identity as a part of the bucket's: the server asks for both alike. What it does not allow is denied,
 * because here objects belong to whoever created them; at Amazon they are all the bucket's owner's.
 */
function onlyGranted({ arn }: S3User, statements: readonly Statement[], bucket: string): object[] {
  const Principal = { AWS: [arn] }
  const actions = [...new Set(statements.flatMap(({ Action }) => Action))]
  const placesOf = (action: string): string[] =>
    statements.flatMap(({ Action, Resource }) => (Action.includes(action) ? Resource : []))
  const everywhere = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`]
  return [
    ...statements.map((statement) => ({ ...statement, Principal })),
    { Effect: 'Deny', Principal, NotAction: actions, Resource: everywhere },
    ...actions.map((Action) => ({ Effect: 'Deny', Principal, Action, NotResource: placesOf(Action) })),
  ]
}

/** A bucket as the module makes it, with a user for each identity. */
async function newPlace() {
  await using stack = new AsyncDisposableStack()
  const { name } = stack.use(await createBucket(server, { keeps: 'locks' }))
  const rule = { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } } as const
  const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule: rule } as const
  await owner.send(new PutObjectLockConfigurationCommand({ Bucket: name, ObjectLockConfiguration }))

  const policies = await s3Policies(name)
  const users = {
    backup: await createS3User(server),
    verify: await createS3User(server),
    restore: await createS3User(server),
  }
  const Statement = [
    ...policies.bucket,
    ...onlyGranted(users.backup, policies.backup, name),
    ...onlyGranted(users.verify, policies.verify, name),
    ...onlyGranted(users.restore, policies.restore, name),
  ]
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
  await owner.send(new PutBucketPolicyCommand({ Bucket: name, Policy }))
  const owned = stack.move()
  return {
    name,
    users,
    options: (user: S3User) => storageOptions(user.server, name, 'immich'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function disposable(client: S3Client) {
  return {
    send: client.send.bind(client),
    [Symbol.dispose]: () => client.destroy(),
  }
}

async function isRefused(call: Promise<unknown>): Promise<boolean> {
  try {
    await call
    return false
  } catch (error) {
    if (error instanceof Error && error.name === 'AccessDenied') return true
    throw error
  }
}

test('backup, resumption, verification and restore, each with its own rights', async () => {
  await using place = await newPlace()
  const { backup, verify, restore } = place.users
  await using proxy = await startHttpProxy(server.endpoint)
  const storage = { ...place.options(backup), endpoint: proxy.url }
  await using fixture = await Fixture.create({ storage })
  await addFilm(fixture, 70)

  const stop = new AbortController()
  const stopping = setInterval(() => {
    if (proxy.received > 30 * megabyte) stop.abort(new Error('the node is drained'))
  }, 1)
  await expect(fixture.backup({ signal: stop.signal })).rejects.toThrow('the node is drained')
  clearInterval(stopping)
  await rm(fixture.vault.state, { recursive: true })
  await fixture.backupWell()
  expect(proxy.received).toBeLessThan(80 * megabyte)

  const verification = await verifyVault({ ...fixture.vault, storage: place.options(verify) })
  expect(verification).toMatchObject({ outcome: 'good', findings: [] })
  expect(verification.document).toMatch(/^verifications\//)
  await fixture.at({ ...fixture.vault, storage: place.options(restore) }).expectRestoresTheSame()
}, 60_000)

test('a backup reads no content, and what it stored is locked: one identity alone could ever delete it', async () => {
  await using place = await newPlace()
  const { backup, verify, restore } = place.users
  await using fixture = await Fixture.create({ storage: place.options(backup) })
  await fixture.backupWell()
  const writer = await openStorage(place.options(backup))
  const reader = await openStorage(place.options(verify))
  const [pack = ''] = await keysOf(writer.list('packs/'))
  await expect(collect(writer.read(pack))).rejects.toMatchObject({ name: 'AccessDeniedError' })
  expect((await collect(reader.read(pack))).length).toBeGreaterThan(0)
  await writer.close()
  await reader.close()

  const at = { Bucket: place.name, Key: 'immich/vault.json' }
  using restorer = disposable(s3Client(restore.server))
  const seen = await restorer.send(new HeadObjectCommand(at))

  const hide = new DeleteObjectCommand(at)
  const destroy = new DeleteObjectCommand({ ...at, VersionId: seen.VersionId })
  for (const user of [backup, verify]) {
    using client = disposable(s3Client(user.server))
    expect(await isRefused(client.send(hide))).toBe(true)
    expect(await isRefused(client.send(destroy))).toBe(true)
  }
  expect(await isRefused(restorer.send(destroy))).toBe(true)
  await restorer.send(hide)
})

test('a verification creates its report, and nothing else', async () => {
  await using place = await newPlace()
  using client = disposable(s3Client(place.users.verify.server))
  const create = (key: string): PutObjectCommand =>
    new PutObjectCommand({ Bucket: place.name, Key: `immich/${key}`, Body: 'x', IfNoneMatch: '*' })
  await client.send(create('verifications/1'))
  expect(await isRefused(client.send(create('hosts/main/snapshots/1')))).toBe(true)
  expect(await isRefused(client.send(create('objects/ab/cd')))).toBe(true)
})

test('a check finds what a backup needs, and that it may not delete', async () => {
  await using place = await newPlace()
  const storage = await openStorage(place.options(place.users.backup))
  let results = await resultsOf(storage)
  // Creators that meet are seen in most checks only, so a few more have to see them.
  for (let more = 20; more > 0 && results['create-only'] === 'good'; more--)
    results = await resultsOf(storage)
  await storage.close()
  const { 'create-only': atomic, replacing, ...rest } = results
  // Here the server is weaker than Amazon's: with versions, it lets several create one object at the same moment, and it
  // takes the policy against replacing without heeding it.
  expect({ atomic, replacing }).toEqual({ atomic: 'bad', replacing: 'weak' })
  expect(new Set(Object.values(rest))).toEqual(new Set(['good']))
  expect(Object.keys(rest)).toEqual(expect.arrayContaining(['deleting', 'old versions', 'resuming']))
})
