import { afterAll, vi } from 'vitest'
import { openRclone } from '../../../src/storage/rclone/rclone.ts'
import type { RcloneOptions } from '../../../src/storage/options.ts'
import { createBucket } from '../../support/bucket.ts'
import { quickFaults, randomFaults, type RandomFaults } from '../../support/faultPlan.ts'
import { startHttpProxy } from '../../support/httpProxy.ts'
import { startTestRclone } from '../../support/rclone.ts'
import { s3Server } from '../../support/s3Server.ts'
import { throughFaults } from './faulty.ts'

// rclone's S3 can't load one, and says so instead of working.
vi.stubEnv('AWS_CA_BUNDLE', undefined)

const server = await s3Server()
let faults: RandomFaults | undefined
const proxy = await startHttpProxy(server.endpoint, { plan: (...request) => faults?.plan(...request) })
const rclone = await startTestRclone(remote('smooth', server.endpoint) + remote('rough', proxy.url))
afterAll(async () => {
  await rclone[Symbol.asyncDispose]()
  await proxy[Symbol.asyncDispose]()
})

// The network is between rclone and its remote: rclone itself tries again, or tells what went wrong. It waits a minute for
// an answer that does not come, so there are none of those here.
throughFaults({
  resumable: false,
  // Nothing is atomic by way of rclone, so of two that create at once both may fail. And that a range lies beyond the end is
  // told as any failure of the remote is.
  keeps: ['uploading', 'cancelling', 'listing', 'keys', 'whole'],
  idleMs: 20_000,
  async place(_severity, seed) {
    const bucket = await createBucket(server)
    const { plan, chosen } = randomFaults(seed, { rate: 0.05, among: quickFaults })
    faults = { plan, chosen }
    return {
      direct: rclone.optionsFor(`smooth:${bucket.name}/vault`),
      faulty: rclone.optionsFor(`rough:${bucket.name}/vault`),
      faults: () => [...chosen.values()].reduce((sum, count) => sum + count, 0),
      async [Symbol.asyncDispose]() {
        faults = undefined
        await bucket[Symbol.asyncDispose]()
      },
    }
  },
  open: async (options, { idleMs }) => await openRclone(options as RcloneOptions, { idleMs }),
})

/** A section of rclone's configuration. */
function remote(name: string, endpoint: string): string {
  return `
[${name}]
type = s3
provider = Ceph
endpoint = ${endpoint}
access_key_id = ${server.accessKeyId}
secret_access_key = ${server.secretAccessKey}
`
}
