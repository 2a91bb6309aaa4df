import { afterAll } from 'vitest'
import { openGcs } from '../../../src/storage/gcs/gcs.ts'
import type { GcsOptions } from '../../../src/storage/options.ts'
import { startGcsServer } from '../../servers/gcs/server.ts'
import { gcsOptions, newBucket } from '../../support/gcs.ts'
import { throughFaults } from './faulty.ts'
import { faultyHttp } from './faultyHttp.ts'

const server = await startGcsServer()
afterAll(() => server[Symbol.asyncDispose]())

throughFaults({
  resumable: true,
  idleMs: 500,
  async place(severity, seed) {
    const proxy = await faultyHttp(server.url, severity, seed)
    const direct = gcsOptions(server, newBucket(server))
    return { direct, ...proxy, faulty: { ...direct, endpoint: proxy.url } }
  },
  open: async (options, patience) => openGcs(options as GcsOptions, patience),
})
