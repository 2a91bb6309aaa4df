import { expect, test } from 'vitest'
import { WorkerPool } from '../../../src/shared/threads/pool.ts'

const script = new URL('./fragileWorker.ts', import.meta.url)

test('a thread that dies fails its jobs, and every later one at once', async () => {
  const pool = new WorkerPool(script, { size: 1, data: undefined, signal: new AbortController().signal })
  try {
    expect(await pool.run('this')).toBe('did this')
    await expect(pool.run('die')).rejects.toThrow('a bug')
    await expect(pool.run('that')).rejects.toThrow('a bug')
  } finally {
    await pool.close()
  }
})
