import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { sharedLimits } from '../../../src/storage/limits/limits.ts'
import { openStorage } from '../../../src/storage/open.ts'
import type { BackendOptions } from '../../../src/storage/options.ts'

const rate = 400_000
const size = 600_000

/** A server that takes everything, and knows when it had how many bytes. */
async function watchfulServer() {
  const arrivals: { at: number; bytes: number }[] = []
  const server = http.createServer((request, response) => {
    request.on('data', (chunk: Buffer) => arrivals.push({ at: performance.now(), bytes: chunk.length }))
    request.on('end', () => response.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('the body of an S3 object goes out evenly, and not at once', async () => {
  await using server = await watchfulServer()
  const backend: BackendOptions = {
    type: 's3',
    bucket: 'b',
    prefix: '',
    region: 'us-east-1',
    endpoint: server.endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId: 'id', secretAccessKey: 'key' },
  }
  const unlimited = { usual: Infinity, hours: [] }
  const limits = [
    {
      upload: { usual: rate, hours: [] },
      download: unlimited,
      concurrency: Infinity,
      requestsPerSecond: Infinity,
      shared: sharedLimits(),
    },
  ]
  const storage = await openStorage({ ...backend, limits })
  await storage.put('key', Buffer.alloc(size), { kind: 'content' })
  await storage.close()
  const { arrivals } = server
  expect(arrivals.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(size)
  for (const [i, { at: begin }] of arrivals.entries()) {
    let sum = 0
    for (const { at, bytes } of arrivals.slice(i)) {
      sum += bytes
      // A quarter of a second's worth may come at once, and as much again may have lain on the way.
      expect(sum).toBeLessThan(((at - begin) / 1000) * rate + rate / 2 + 50_000)
    }
  }
})
