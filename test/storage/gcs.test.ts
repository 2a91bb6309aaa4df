import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { ObjectMissingError } from '../../src/storage/errors.ts'
import { openGcs } from '../../src/storage/gcs/gcs.ts'
import { openStorage } from '../../src/storage/open.ts'
import type { GcsOptions } from '../../src/storage/options.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { startGcsServer } from '../servers/gcs/server.ts'
import { makeCertificate } from '../support/certificate.ts'
import { gcsOptions, newBucket } from '../support/gcs.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { conformance } from './conformance.ts'
import { collect, keysOf, pieces } from './streams.ts'

const server = await startGcsServer()
afterAll(() => server[Symbol.asyncDispose]())
const content = { kind: 'content' } as const
const index = { kind: 'index' } as const
const large = 9 * 1024 * 1024

conformance(
  async () => {
    const bucket = newBucket(server)
    const options = gcsOptions(server, bucket, 'a prefix/of it')
    const storage = openGcs(options)
    return {
      storage,
      reopen: async () => openGcs(options),
      leftovers: async () => server.sessions.unfinished(bucket),
      [Symbol.asyncDispose]: () => storage.close(),
    }
  },
  { resumable: true },
)

function pem(path: string): string {
  return readFileSync(path, 'utf8')
}

/** A bucket, and the program's storage on it. */
function place(options: Partial<GcsOptions> = {}) {
  const bucket = newBucket(server)
  const storage = openGcs({ ...gcsOptions(server, bucket), ...options })
  return { bucket, storage, [Symbol.asyncDispose]: () => storage.close() }
}

describe('on the server', () => {
  test('contents alone go into the configured storage class', async () => {
    await using at = place({ storageClass: 'ARCHIVE' })
    at.bucket.storageClass = 'COLDLINE'
    await at.storage.put('small content', randomBytes(10), content)
    await at.storage.put('small index', randomBytes(10), index)
    await at.storage.upload('large content', pieces(randomBytes(large), large), content)
    await at.storage.upload('large index', pieces(randomBytes(large), large), index)
    const classes = [...at.bucket.objects.values()].map(({ resource }) => [
      resource.name,
      resource.storageClass,
    ])
    expect(Object.fromEntries(classes)).toEqual({
      'small content': 'ARCHIVE',
      'small index': 'STANDARD',
      'large content': 'ARCHIVE',
      'large index': 'STANDARD',
    })
  })

  test("without a storage class, contents take the bucket's own", async () => {
    await using at = place()
    at.bucket.storageClass = 'NEARLINE'
    await at.storage.put('content', randomBytes(10), content)
    expect(at.bucket.objects.get('content')?.resource.storageClass).toBe('NEARLINE')
  })

  test('the prefix is part of the name there, and of no key here', async () => {
    await using at = place()
    const storage = openGcs(gcsOptions(server, at.bucket, 'photos/immich'))
    await storage.put('a/b', randomBytes(1), index)
    await at.storage.put('photos/immichx', randomBytes(1), index)
    expect(await keysOf(at.storage.list(''))).toEqual(['photos/immich/a/b', 'photos/immichx'])
    expect(await keysOf(storage.list(''))).toEqual(['a/b'])
    expect(await keysOf(storage.list('', { after: 'a/a' }))).toEqual(['a/b'])
    expect(storage.location).toBe(`gs://${at.bucket.name}/photos/immich`)
    await storage.close()
  })

  test('what is no key is not listed', async () => {
    await using at = place()
    for (const name of ['folder/', 'a//b', '../a', 'caf\u00e9', 'tmp/a', 'key']) {
      at.bucket.insert({ name }, Buffer.from('x'), new URLSearchParams())
    }
    expect(await keysOf(at.storage.list(''))).toEqual(['key'])
  })

  test('a listing goes on over pages', async () => {
    await using at = place()
    at.bucket.pageSize = 3
    const keys = Array.from({ length: 10 }, (_, n) => `key ${n}`)
    for (const key of keys) await at.storage.put(key, randomBytes(1), index)
    expect(await keysOf(at.storage.list('key'))).toEqual(keys)
    expect(await keysOf(at.storage.list('key', { after: 'key 4' }))).toEqual(keys.slice(5))
  })

  test('a missing bucket is told as such by every call', async () => {
    await using at = place({ bucket: 'no-such-bucket' })
    const expected = { name: 'UserError', message: 'there is no bucket no-such-bucket' }
    const { storage } = at
    await expect(storage.put('key', randomBytes(1), content)).rejects.toMatchObject(expected)
    await expect(storage.upload('key', pieces(randomBytes(large), large), content)).rejects.toMatchObject(
      expected,
    )
    await expect(storage.stat('key')).rejects.toMatchObject(expected)
    await expect(collect(storage.read('key'))).rejects.toMatchObject(expected)
    await expect(keysOf(storage.list(''))).rejects.toMatchObject(expected)
  })

  test('the whole stack opens from plain options', async () => {
    const storage = await openStorage(structuredClone(gcsOptions(server, newBucket(server))))
    await storage.put('key', Buffer.from('bytes'), index)
    expect(String(await collect(storage.read('key')))).toBe('bytes')
    await storage.close()
  })

  test('everything goes over TLS, too', async () => {
    await using folder = await temporaryFolder()
    const { ca, key, certificate } = await makeCertificate(folder.path)
    await using secure = await startGcsServer({ key: pem(key), cert: pem(certificate) })
    const trusted = getCACertificates('default')
    setDefaultCACertificates([...trusted, pem(ca)])
    try {
      const storage = openGcs(gcsOptions(secure, newBucket(secure)))
      const bytes = randomBytes(large)
      await storage.upload('key', pieces(bytes, large), content)
      expect(bytes.equals(await collect(storage.read('key')))).toBe(true)
      await storage.close()
    } finally {
      setDefaultCACertificates(trusted)
    }
  })
})

describe('credentials', () => {
  const put = (storage: Storage) => storage.put('key', randomBytes(1), index)

  test('of a service account sign their own tokens: nobody is asked for one', async () => {
    await using at = place()
    const before = server.requests.length
    await put(at.storage)
    expect(server.requests.slice(before)).toHaveLength(1)
  })

  test('of another key are refused, and the key is told nowhere', async () => {
    await using other = await startGcsServer()
    await using at = place({ credentials: other.account.keyFile })
    const error: unknown = await put(at.storage).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      name: 'AccessDeniedError',
      message: expect.stringContaining('401 authError'),
    })
    const { private_key: key } = JSON.parse(other.account.keyFile) as { private_key: string }
    expect(inspect(error, { depth: 10 })).not.toMatch(/Bearer|ey[\w-]{20}/)
    expect(inspect(error, { depth: 10 })).not.toContain(key.slice(30, 60))
  })

  test.each([
    ['no JSON', 'AIza-something-secret'],
    ['JSON of something else', '"AIza-something-secret"'],
  ])('that are %s are refused without repeating them', (_, credentials) => {
    let refusal: unknown
    try {
      openGcs({ ...gcsOptions(server, { name: 'photos' }), credentials })
    } catch (error) {
      refusal = error
    }
    expect(refusal).toMatchObject({ message: 'the credentials of bucket photos are no JSON object' })
    expect(inspect(refusal, { depth: 10 })).not.toContain('AIza')
  })

  test('with a broken key say so', async () => {
    const keyFile = JSON.parse(server.account.keyFile) as { private_key: string }
    const credentials = JSON.stringify({ ...keyFile, private_key: 'not-a-pem' })
    await using at = place({ credentials })
    const expected = {
      name: 'AccessDeniedError',
      message: expect.stringMatching(/^no access token for bucket/),
    }
    await expect(put(at.storage)).rejects.toMatchObject(expected)
  })

  test('of a workload elsewhere are exchanged for a token, once for all calls', async () => {
    await using folder = await temporaryFolder()
    const token = join(folder.path, 'token')
    const federation = {
      type: 'external_account',
      audience:
        '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/cluster',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${server.url}/v1/token`,
      credential_source: { file: token },
    }
    const file = join(folder.path, 'federation.json')
    await writeFile(file, JSON.stringify(federation))
    using _ = onMachine({ GOOGLE_APPLICATION_CREDENTIALS: file })
    await writeFile(token, server.account.workloadToken)
    await using at = place({ credentials: undefined })
    await put(at.storage)
    expect(at.bucket.objects.size).toBe(1)
    await writeFile(token, 'a stolen token')
    await expect(at.storage.stat('key')).resolves.toEqual({ size: 1 })
    await using late = place({ credentials: undefined })
    const refused: unknown = await put(late.storage).catch((reason: unknown) => reason)
    expect(refused).toMatchObject({ name: 'AccessDeniedError' })
    expect(inspect(refused, { depth: 10 })).not.toContain('a stolen token')
  })

  test("of a machine in Google's cloud come from its metadata server", async () => {
    const host = server.url.replace('http://', '')
    using _ = onMachine({ GCE_METADATA_HOST: host, METADATA_SERVER_DETECTION: 'assume-present' })
    await using at = place({ credentials: undefined })
    await put(at.storage)
    expect(at.bucket.objects.size).toBe(1)
  })
})

/** Runs with such a machine's environment, and no credentials of its user's, until it is disposed of. */
function onMachine(variables: Record<string, string>): Disposable {
  const environment = { GOOGLE_APPLICATION_CREDENTIALS: '', HOME: '/nowhere', ...variables }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  return { [Symbol.dispose]: () => void vi.unstubAllEnvs() }
}

describe('a write-only role', () => {
  test('creates, is told of a taken key, and can do nothing else', async () => {
    await using at = place()
    for (const what of ['get', 'list', 'delete']) at.bucket.denied.add(`storage.objects.${what}`)
    await at.storage.put('key', Buffer.from('first'), content)
    const again = at.storage.put('key', Buffer.from('second'), content)
    await expect(again).rejects.toMatchObject({ name: 'ObjectExistsError', key: 'key' })
    const refused = { name: 'AccessDeniedError' }
    await expect(collect(at.storage.read('key'))).rejects.toMatchObject(refused)
    await expect(at.storage.stat('key')).rejects.toMatchObject(refused)
    await expect(keysOf(at.storage.list(''))).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('storage.objects.list'),
    })
  })

  test('that is told of the missing right to replace, before the precondition, knows that the key is taken', async () => {
    await using at = place()
    const message = 'Caller does not have storage.objects.delete access to the Google Cloud Storage object.'
    server.breakNext(new RegExp(at.bucket.name), { status: 403, reason: 'forbidden', message })
    await expect(at.storage.put('key', Buffer.from('second'), content)).rejects.toMatchObject({
      name: 'ObjectExistsError',
    })
  })
})

describe('a trial', () => {
  const key = 'uploads/trial-1'

  test('finds credentials that can delete and replace', async () => {
    await using at = place()
    await at.storage.put(key, Buffer.from('old'), index)
    expect(await at.storage.trial?.overwrite(key, Buffer.from('new'), {})).toBe('allowed')
    expect(String(await collect(at.storage.read(key)))).toBe('new')
    expect(await at.storage.trial?.remove(key, {})).toBe('allowed')
    await expect(at.storage.stat(key)).rejects.toBeInstanceOf(ObjectMissingError)
  })

  test('is refused where they can only create', async () => {
    await using at = place()
    at.bucket.denied.add('storage.objects.delete')
    await at.storage.put(key, Buffer.from('old'), index)
    expect(await at.storage.trial?.overwrite(key, Buffer.from('new'), {})).toBe('refused')
    expect(await at.storage.trial?.remove(key, {})).toBe('refused')
    expect(String(await collect(at.storage.read(key)))).toBe('old')
  })

  test('touches nothing but its own', async () => {
    await using at = place()
    await at.storage.put('objects/a', Buffer.from('photo'), index)
    await expect(at.storage.trial?.remove('objects/a', {})).rejects.toThrow(/not a key of a trial/)
    await expect(at.storage.trial?.overwrite('objects/a', randomBytes(1), {})).rejects.toThrow(
      /not a key of a trial/,
    )
    expect(String(await collect(at.storage.read('objects/a')))).toBe('photo')
  })

  test("tells the server's time, also to those who may ask nothing", async () => {
    await using at = place()
    at.bucket.denied.add('storage.buckets.get')
    const time = await at.storage.trial?.clock({})
    expect(Math.abs((time?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000)
  })

  test('tells whether what is deleted or replaced is kept, where it may know', async () => {
    await using at = place()
    expect(await at.storage.trial?.keepsVersions({})).toBe(false)
    at.bucket.softDeleteSeconds = 7 * 24 * 3600
    expect(await at.storage.trial?.keepsVersions({})).toBe(true)
    at.bucket.softDeleteSeconds = 0
    at.bucket.versioning = true
    expect(await at.storage.trial?.keepsVersions({})).toBe(true)
    at.bucket.denied.add('storage.buckets.get')
    expect(await at.storage.trial?.keepsVersions({})).toBeUndefined()
  })
})
