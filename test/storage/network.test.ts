/* What a person is told of a network that fails, whatever the service behind it. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { Server } from 'node:net'
import { expect, test } from 'vitest'
import { openGcs } from '../../src/storage/gcs/gcs.ts'
import { networkMessage } from '../../src/storage/network.ts'
import type { RetryPolicy } from '../../src/storage/retry.ts'
import { openS3 } from '../../src/storage/s3/s3.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { startGcsServer } from '../servers/gcs/server.ts'
import { makeCertificate } from '../support/certificate.ts'
import { freePort } from '../support/ports.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

const retry: RetryPolicy = { tries: 1, firstDelayMs: 1, maxDelayMs: 1, budgetMs: 1000 }
const patience = { retry, idleMs: 5000 }
const place = { bucket: 'photos', prefix: '' }

const backends: [string, (endpoint: string) => Promise<Storage>][] = [
  [
    'S3',
    async (endpoint) => {
      const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' }
      return openS3({ type: 's3', ...place, endpoint, forcePathStyle: true, credentials }, patience)
    },
  ],
  [
    'Google Cloud Storage',
    async (endpoint) => {
      await using server = await startGcsServer()
      const credentials = server.account.keyFile
      return openGcs({ type: 'gcs', ...place, endpoint, credentials }, patience)
    },
  ],
]

async function listening(server: Server): Promise<{ port: number } & Disposable> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return { port: address.port, [Symbol.dispose]: () => void server.close() }
}

async function failureAt(endpoint: string, open: (endpoint: string) => Promise<Storage>): Promise<unknown> {
  const storage = await open(endpoint)
  const [end] = await Promise.allSettled([storage.stat('vault.json')])
  await storage.close()
  return end?.status === 'rejected' ? end.reason : undefined
}

test.each(backends)(
  '%s with a certificate of an unknown authority is told how to know it',
  async (_, open) => {
    await using folder = await temporaryFolder()
    const { certificate, key } = await makeCertificate(folder.path)
    const pem = { cert: await readFile(certificate), key: await readFile(key) }
    using server = await listening(createHttps(pem))
    expect(await failureAt(`https://127.0.0.1:${server.port}`, open)).toMatchObject({
      name: 'StorageError',
      transient: false,
      message: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE: unable to verify the first certificate',
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    })
  },
)

test.each(backends)('%s at a port that speaks no TLS is told so', async (_, open) => {
  using server = await listening(createHttp())
  expect(await failureAt(`https://127.0.0.1:${server.port}`, open)).toMatchObject({
    name: 'StorageError',
    message: 'EPROTO: wrong version number',
    hint: expect.stringContaining('no TLS'),
  })
})

test.each(backends)('%s where nothing listens is told what to look at', async (_, open) => {
  const port = await freePort()
  expect(await failureAt(`http://127.0.0.1:${port}`, open)).toMatchObject({
    name: 'StorageError',
    transient: true,
    message: `connect ECONNREFUSED 127.0.0.1:${port}`,
    hint: expect.stringContaining('Nothing listens there'),
  })
})

test.each([
  ['ECONNRESET', 'socket hang up', 'ECONNRESET: socket hang up'],
  ['ENOTFOUND', 'getaddrinfo ENOTFOUND s3.example', 'getaddrinfo ENOTFOUND s3.example'],
  [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca',
    'DEPTH_ZERO_SELF_SIGNED_CERT: self-signed certificate',
  ],
  [
    'EPROTO',
    'write EPROTO 40E:error:0A00010B:SSL routines:validate:wrong version number:../a.c:78:\n',
    'EPROTO: wrong version number',
  ],
  [undefined, 'whatever it was', 'whatever it was'],
])('an error of the network tells its code once: %s', (code, message, told) => {
  expect(networkMessage(Object.assign(new Error(message), { code }))).toBe(told)
})
