import { expect, test } from 'vitest'
import { WorkerPool } from '../../../src/shared/threads/pool.ts'
import { fileURLToPath } from 'node:url'
import { exec } from '../../support/exec.ts'

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

test('a pool that is closed at once, while its threads load their modules, does not take the process with it', async () => {
  const program = fileURLToPath(new URL('./closeAtOnce.ts', import.meta.url))
  expect(await exec(process.execPath, [program])).toBe('alive\n')
})
