import { PutBucketPolicyCommand } from '@aws-sdk/client-s3'
import { readdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { openStorage } from '../../../src/storage/open.ts'
import { createBucket, s3Client, storageOptions } from '../../support/bucket.ts'
import { s3Server } from '../../support/s3Server.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { keysOf } from '../streams.ts'
import { findingsOf, resultsOf } from './probing.ts'

const server = await s3Server()

describe('a folder', () => {
  test('is good, but for what whoever has the disk can do to it', async () => {
    await using folder = await temporaryFolder()
    const storage = await openStorage({ type: 'local', path: folder.path })
    expect(await resultsOf(storage)).toEqual({
      credentials: 'good',
      'create-only': 'good',
      'large objects': 'good',
      'create-only, large': 'good',
      ranges: 'good',
      listing: 'good',
      clock: 'good',
      deleting: 'weak',
      replacing: 'weak',
      'old versions': 'unknown',
      speed: 'good',
      leftovers: 'good',
      'own objects': 'good',
    })
    const files = await readdir(folder.path, { recursive: true, withFileTypes: true })
    expect(files.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual([])
    await storage.close()
  })
})

describe('a bucket', () => {
  test('with credentials for everything works, and is told to be too open', async () => {
    await using bucket = await createBucket(server)
    const storage = await openStorage(storageOptions(server, bucket.name, 'a/prefix'))
    const findings = await findingsOf(storage)
    const of = (result: string) =>
      Object.values(findings)
        .filter((finding) => finding.result === result)
        .map(({ what }) => what)
    expect(of('bad')).toEqual([])
    expect(of('weak')).toEqual(expect.arrayContaining(['deleting', 'replacing', 'old versions']))
    expect(of('good')).toEqual(
      expect.arrayContaining([
        'credentials',
        'create-only',
        'create-only, large',
        'ranges',
        'listing',
        'clock',
      ]),
    )
    expect(await keysOf(storage.list(''))).toEqual([])
    await storage.close()
  })

  test('where nothing can be deleted is told to be so, and where the trial objects are', async () => {
    await using bucket = await createBucket(server)
    const client = s3Client(server)
    const policy = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Deny',
          Principal: '*',
          Action: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
          Resource: `arn:aws:s3:::${bucket.name}/*`,
        },
      ],
    }
    await client.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy: JSON.stringify(policy) }))
    const storage = await openStorage(storageOptions(server, bucket.name))
    const findings = await findingsOf(storage)
    expect(findings['deleting']).toEqual({
      what: 'deleting',
      result: 'good',
      detail: 'these credentials may not delete',
    })
    expect(findings['own objects']?.detail).toContain('stays below uploads/')
    expect((await keysOf(storage.list('uploads/trial-'))).length).toBeGreaterThan(5)
    await storage.close()
    const open = { ...policy, Statement: [{ ...policy.Statement[0], Effect: 'Allow' }] }
    await client.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy: JSON.stringify(open) }))
    client.destroy()
  })

  test('with a wrong key is bad at once, without the key', async () => {
    await using bucket = await createBucket(server)
    const secretAccessKey = 'a-wrong-secret'
    const storage = await openStorage(storageOptions({ ...server, secretAccessKey }, bucket.name))
    const findings = await findingsOf(storage)
    expect(findings).toMatchObject({ credentials: { result: 'bad', remedy: expect.any(String) } })
    expect(Object.keys(findings)).toEqual(['credentials'])
    expect(JSON.stringify(findings)).not.toContain(secretAccessKey)
    await storage.close()
  })
})
