/* The policies of docs/destinations/s3.md, on a real server: backups work with them, and with no right more. */
import {
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  type BucketLifecycleConfiguration,
} from '@aws-sdk/client-s3'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openS3 } from '../../src/storage/s3/s3.ts'
import { trialPrefix } from '../../src/storage/trial.ts'
import { collect, keysOf, pieces } from '../storage/streams.ts'
import { createBucket, s3Client, storageOptions } from '../support/bucket.ts'
import { s3Server } from '../support/s3Server.ts'

interface Statement {
  Sid: string
  Action: string | string[]
  Resource: string | string[]
}

const server = await s3Server()
const client = s3Client(server)
const page = await readFile(join(import.meta.dirname, '../../docs/destinations/s3.md'), 'utf8')
const [lifecycle = '', bucketPolicy = '', rights = ''] = [...page.matchAll(/```json\n([^]*?)```/g)].map(
  ([, json]) => json ?? '',
)
const index = { kind: 'index' } as const
const content = { kind: 'content' } as const

/** A bucket with a policy of the page, and a storage below the prefix that the page speaks of. */
async function bucketWith(policy: (bucket: string) => object) {
  await using stack = new AsyncDisposableStack()
  const { name } = stack.use(await createBucket(server))
  await client.send(new PutBucketPolicyCommand({ Bucket: name, Policy: JSON.stringify(policy(name)) }))
  const storage = openS3(storageOptions(server, name, 'immich'))
  stack.defer(() => storage.close())
  const owned = stack.move()
  return { name, storage, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Every right that a call of ours could take. */
const allRights = [
  'AbortMultipartUpload',
  'BypassGovernanceRetention',
  'DeleteObject',
  'DeleteObjectVersion',
  'GetBucketLocation',
  'GetBucketVersioning',
  'GetObject',
  'GetObjectRetention',
  'GetObjectVersion',
  'ListAllMyBuckets',
  'ListBucket',
  'ListBucketMultipartUploads',
  'ListBucketVersions',
  'ListMultipartUploadParts',
  'PutObject',
  'PutObjectAcl',
  'PutObjectRetention',
  'PutObjectTagging',
  'RestoreObject',
].map((name) => `s3:${name}`)

/** The test's only user owns the bucket: what the page does not allow is denied, instead of allowing what it does. */
function onlyAllowed(bucket: string): object {
  const { Statement } = JSON.parse(rights.replaceAll('photos', bucket)) as { Statement: Statement[] }
  const allowed = new Set(Statement.flatMap(({ Action }) => Action))
  const reading = Statement.find(({ Sid }) => Sid === 'ReadIndex')
  const denied = { Effect: 'Deny', Principal: '*' }
  return {
    Version: '2012-10-17',
    Statement: [
      {
        ...denied,
        Action: allRights.filter((right) => !allowed.has(right)),
        Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
      },
      { ...denied, Action: 's3:GetObject', NotResource: reading?.Resource },
    ],
  }
}

test('a backup needs no right but those of the page', async () => {
  await using bucket = await bucketWith(onlyAllowed)
  const { storage } = bucket
  const bytes = randomBytes(storage.capabilities.partSize + 5)
  await storage.put('vault.json', Buffer.from('{}'), index)
  await storage.put('hosts/main/snapshots/1', Buffer.from('record'), index)
  await storage.upload('objects/ab/cd', pieces(bytes, 1_000_000), { ...content, size: bytes.length })
  const options = { ...content, size: bytes.length, pieceSize: storage.capabilities.partSize }
  const begun = await storage.resumable?.begin('objects/ab/ef', options)
  await begun?.append(bytes.subarray(0, options.pieceSize), {})
  const resumed = await storage.resumable?.resume('objects/ab/ef', begun?.token ?? '', options)
  expect(resumed?.held).toBe(options.pieceSize)
  await resumed?.abandon({})
  expect(await Array.fromAsync(storage.leftovers?.list({}) ?? [])).toEqual([])
  expect(await keysOf(storage.list(''))).toEqual(['hosts/main/snapshots/1', 'objects/ab/cd', 'vault.json'])
  expect(String(await collect(storage.read('hosts/main/snapshots/1')))).toBe('record')
  expect(await storage.stat('vault.json')).toEqual({ size: 2 })
  await expect(storage.stat('keys/none')).rejects.toMatchObject({ name: 'ObjectMissingError' })
  expect(await storage.trial?.keepsVersions({})).toBe(false)
})

test('with these rights nobody deletes, and nobody reads contents', async () => {
  await using bucket = await bucketWith(onlyAllowed)
  const { storage } = bucket
  await storage.put('objects/ab/cd', Buffer.from('content'), content)
  await storage.put(`${trialPrefix}own`, Buffer.from('trial'), index)
  expect(await storage.trial?.remove(`${trialPrefix}own`, {})).toBe('refused')
  await expect(collect(storage.read('objects/ab/cd'))).rejects.toMatchObject({ name: 'AccessDeniedError' })
})

test('the policy for the bucket lets every create of ours through', async () => {
  await using bucket = await bucketWith(
    (name) => JSON.parse(bucketPolicy.replaceAll('photos', name)) as object,
  )
  const { storage } = bucket
  const bytes = randomBytes(storage.capabilities.partSize + 5)
  await storage.put('put', Buffer.from('bytes'), index)
  await storage.upload('uploaded', pieces(bytes, 1_000_000), content)
  expect(await keysOf(storage.list(''))).toEqual(['put', 'uploaded'])
})

test('the lifecycle configuration is one that a server takes', async () => {
  await using bucket = await createBucket(server)
  const LifecycleConfiguration = JSON.parse(lifecycle) as BucketLifecycleConfiguration
  await client.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket: bucket.name, LifecycleConfiguration }),
  )
  const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket.name }))
  expect(Rules).toHaveLength(2)
})
