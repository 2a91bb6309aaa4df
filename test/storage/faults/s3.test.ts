import type { S3Options } from '../../../src/storage/options.ts'
import { openS3 } from '../../../src/storage/s3/s3.ts'
import { createBucket, storageOptions } from '../../support/bucket.ts'
import { s3Server } from '../../support/s3Server.ts'
import { throughFaults } from './faulty.ts'
import { faultyHttp } from './faultyHttp.ts'

const server = await s3Server()

throughFaults({
  resumable: true,
  idleMs: 500,
  async place(severity, seed) {
    await using stack = new AsyncDisposableStack()
    const bucket = stack.use(await createBucket(server))
    const proxy = stack.use(await faultyHttp(server.endpoint, severity, seed))
    const owned = stack.move()
    const direct = storageOptions(server, bucket.name)
    return {
      direct,
      faulty: { ...direct, endpoint: proxy.url },
      faults: proxy.faults,
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    }
  },
  open: async (options, patience) => openS3(options as S3Options, patience),
})
