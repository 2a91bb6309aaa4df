/*
 * node bench/bareLoop.ts LIBRARY VAULT [TARGET]: reads, hashes, encrypts and writes every file of a folder, or, with a
 * target, brings them back there, with one thread for each core and nothing else. It is the machine's own speed, which a
 * backup can only come near to.
 */
import { availableParallelism } from 'node:os'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { BareLoopTask } from './bareLoopWorker.ts'

const [library, vault, target] = process.argv.slice(2)
if (library === undefined || vault === undefined) throw new Error('bareLoop.ts takes two or three folders')

const task: BareLoopTask = { library, vault, target, next: new SharedArrayBuffer(4) }
const script = new URL('./bareLoopWorker.ts', import.meta.url)
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    await once(new Worker(script, { workerData: task }), 'exit')
  }),
)
