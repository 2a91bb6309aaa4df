/* The providers' dialects: what they are made of, and a provider that knows less than S3. */
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { s3Providers, type S3Options } from '../../src/storage/options.ts'
import { openS3 } from '../../src/storage/s3/s3.ts'
import { s3Setup } from '../../src/storage/s3/setup.ts'
import { createBucket, s3Client, storageOptions } from '../support/bucket.ts'
import { startHttpProxy } from '../support/httpProxy.ts'
import { s3Server } from '../support/s3Server.ts'
import { conformance } from './conformance.ts'

const bucket = { type: 's3', bucket: 'photos', prefix: '' } as const
const endpoint = 'http://127.0.0.1:9000'

function setup(options: Partial<S3Options>) {
  return s3Setup({ ...bucket, ...options })
}

describe('a provider', () => {
  test.each<[Partial<S3Options>, string | undefined]>([
    [{}, undefined],
    [{ provider: 'aws', region: 'eu-central-1' }, undefined],
    [{ provider: 'b2', region: 'us-west-004' }, 'https://s3.us-west-004.backblazeb2.com'],
    [{ provider: 'r2', accountId: 'abc123' }, 'https://abc123.r2.cloudflarestorage.com'],
    [{ provider: 'wasabi', region: 'eu-central-2' }, 'https://s3.eu-central-2.wasabisys.com'],
    [{ provider: 'wasabi' }, 'https://s3.us-east-1.wasabisys.com'],
    [{ provider: 'minio', endpoint }, endpoint],
  ])('%o is reached at %s', (options, expected) => {
    expect(setup(options).endpoint).toBe(expected)
  })

  test.each<[S3Options['provider'], string]>([
    ['b2', 'region'],
    ['r2', 'accountId'],
    ['minio', 'endpoint'],
    ['garage', 'endpoint'],
    ['seaweedfs', 'endpoint'],
    ['ceph', 'endpoint'],
    ['other', 'endpoint'],
  ])('%s needs %s', (provider, field) => {
    expect(() => setup({ provider })).toThrow(`the provider ${provider} needs ${field}`)
  })

  test('is reached elsewhere where an endpoint is configured', () => {
    expect(setup({ provider: 'r2', endpoint }).endpoint).toBe(endpoint)
    expect(setup({ provider: 'b2', region: 'us-west-004', endpoint }).endpoint).toBe(endpoint)
  })

  test('has its own ways, and what is configured wins over them', () => {
    expect(setup({ provider: 'garage', endpoint })).toMatchObject({
      region: 'garage',
      pathStyle: true,
      conditionalWrites: 'none',
      checksum: 'sha256',
    })
    const own = { region: 'here', forcePathStyle: false, conditionalWrites: 'put', checksum: 'md5' } as const
    expect(setup({ provider: 'garage', endpoint, ...own })).toMatchObject({
      region: 'here',
      pathStyle: false,
      conditionalWrites: 'put',
      checksum: 'md5',
    })
  })

  test('that lacks what is asked for says so', () => {
    const region = 'us-west-004'
    expect(() => setup({ provider: 'b2', region, storageClass: 'GLACIER' })).toThrow(
      'the provider b2 has no storage class GLACIER',
    )
    expect(() => setup({ provider: 'r2', endpoint, lock: { mode: 'governance', days: 1 } })).toThrow(
      'the provider r2 has no Object Lock',
    )
    expect(() => setup({ provider: 'b2', region, encryption: { kmsKeyId: 'key' } })).toThrow(
      'the provider b2 has no encryption with kms keys',
    )
    expect(setup({ provider: 'b2', region, encryption: 's3' }).encryption).toEqual(['s3'])
    expect(setup({ provider: 'ceph', endpoint, storageClass: 'OURS' }).storageClasses).toBeUndefined()
  })

  test.each(s3Providers)('%s tells what it can do by its capabilities', (provider) => {
    const options = { ...bucket, provider, endpoint, region: 'us-east-1' } as const
    const { conditionalWrites, checksum } = s3Setup(options)
    const { capabilities } = openS3(options)
    expect(capabilities.atomicCreate).toBe(conditionalWrites === 'all')
    expect(capabilities.checksum).toBe(checksum)
  })
})

describe('a provider without conditional writes and without the newer checksums', () => {
  conformance(
    async () => {
      await using stack = new AsyncDisposableStack()
      const server = await s3Server()
      const client = s3Client(server)
      const { name } = stack.use(await createBucket(server))
      const unknownHeaders = /^if-none-match$|^x-amz-(?:checksum|sdk-checksum)|^content-encoding$/
      const proxy = stack.use(await startHttpProxy(server.endpoint, { unknownHeaders }))
      const options = { ...storageOptions({ ...server, endpoint: proxy.url }, name), provider: 'b2' } as const
      const storage = openS3(options)
      stack.defer(() => storage.close())
      const owned = stack.move()
      return {
        storage,
        reopen: async () => openS3(options),
        leftovers: async () => {
          const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: name }))
          return Uploads.map(({ Key }) => Key ?? '')
        },
        [Symbol.asyncDispose]: () => owned.disposeAsync(),
      }
    },
    { resumable: true },
  )
})
