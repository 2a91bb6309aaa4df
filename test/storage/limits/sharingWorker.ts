import { parentPort, workerData } from 'node:worker_threads'
import { cellsOf, type Limits } from '../../../src/storage/limits/limits.ts'
import { Throttle } from '../../../src/storage/limits/throttle.ts'

const limits = workerData as Limits
const throttle = new Throttle([limits])
const { transfers } = cellsOf(limits)

let most = 0
for (let i = 0; i < 10; i++) {
  using _place = await throttle.transfer(undefined)
  most = Math.max(most, Atomics.load(transfers, 0))
  await throttle.upload.take(10_000, undefined)
}
parentPort?.postMessage(most)
