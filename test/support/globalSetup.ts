/*
 * Started by vitest once for a whole run. The S3 server is shared by every test file but started only when the first
 * one asks, over this small door, so that a run without S3 tests costs nothing.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { TestProject } from 'vitest/node'
import { startCeph, type RunningS3Server } from './ceph.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL that answers with the run's S3 server as JSON. */
    s3Door: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<RunningS3Server> | undefined
  const door = createServer((_request, response) => {
    starting ??= startCeph()
    starting.then(
      (server) => response.end(JSON.stringify(server)),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    )
  }).listen(0, '127.0.0.1')
  await once(door, 'listening')
  const address = door.address()
  if (address === null || typeof address === 'string') throw new Error('the listener has no port')
  project.provide('s3Door', `http://127.0.0.1:${address.port}`)

  return async () => {
    door.close()
    door.closeAllConnections()
    const server = await starting?.catch(() => undefined)
    await server?.[Symbol.asyncDispose]()
  }
}
