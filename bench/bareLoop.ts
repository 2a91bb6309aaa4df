/*
 * node bench/bareLoop.ts store|restore LIBRARY VAULT [TARGET]: reads, hashes, encrypts and writes every file of a folder, or
 * brings them back the same way, with one thread for each core and nothing else. It is the machine's own speed, which a
 * backup can only come near to.
 */
import { availableParallelism } from 'node:os'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { BareLoopTask } from './bareLoopWorker.ts'

const [direction, library, vault, target] = process.argv.slice(2)
if ((direction !== 'store' && direction !== 'restore') || library === undefined || vault === undefined)
  throw new Error('bareLoop.ts takes a direction and folders')

const task: BareLoopTask = { library, vault, target, next: new SharedArrayBuffer(4) }
const script = new URL('./bareLoopWorker.ts', import.meta.url)
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    await once(new Worker(script, { workerData: task }), 'exit')
  }),
)
