import { setTimeout as delay } from 'node:timers/promises'
import { WorkerPool } from '../../../src/shared/threads/pool.ts'

/* Closes pools at every moment of their threads' start. A thread that is ended the wrong way ends this process. */
const script = new URL('./addonWorker.ts', import.meta.url)
const { signal } = new AbortController()
for (let ms = 0; ms < 120; ms += 4) {
  const pool = new WorkerPool(script, { size: 3, data: undefined, signal })
  await delay(ms)
  await pool.close()
}
console.log('alive')
