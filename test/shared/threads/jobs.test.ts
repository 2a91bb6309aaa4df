import { afterEach, describe, expect, test } from 'vitest'
import { UserError } from '../../../src/shared/errors.ts'
import { WorkerPool } from '../../../src/shared/threads/pool.ts'
import type { EchoJob } from './echoWorker.ts'

const script = new URL('./echoWorker.ts', import.meta.url)
const abort = new AbortController()
const opened: WorkerPool[] = []

function openPool(size: number, signal = abort.signal): WorkerPool {
  const pool = new WorkerPool(script, { size, data: undefined, signal })
  opened.push(pool)
  return pool
}

function job(name: EchoJob['do'], value?: unknown): EchoJob {
  return { do: name, value }
}

async function answerLater(question: string): Promise<string> {
  return await Promise.resolve(`${question} answered`)
}

function haveNoAnswer(): never {
  throw new Error('no idea')
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (pool) => await pool.close()))
})

describe('a pool of worker threads', () => {
  test('gives every job the answer that is its own', async () => {
    const pool = openPool(2)
    const values = Array.from({ length: 50 }, (_, i) => i)
    expect(await Promise.all(values.map(async (value) => await pool.run(job('echo', value))))).toEqual(values)
  })

  test('brings an error over with its class, hint and exit code', async () => {
    const error: unknown = await openPool(1)
      .run(job('fail'))
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UserError)
    expect(error).toMatchObject({ message: 'it failed', hint: 'try again', exitCode: 12 })
  })

  test('answers what a worker asks in the middle of a job, also when the answer takes time', async () => {
    expect(await openPool(1).run(job('ask'), { answer: answerLater })).toEqual([
      'first answered',
      'second answered',
    ])
  })

  test('fails the job when its question can not be answered', async () => {
    await expect(openPool(1).run(job('ask'), { answer: haveNoAnswer })).rejects.toThrow('no idea')
  })

  test('passes notes on in order', async () => {
    const notes: number[] = []
    await openPool(1).run(job('note'), { note: (n: number) => notes.push(n) })
    expect(notes).toEqual([1, 2, 3])
  })

  test('stops its jobs when the signal aborts', async () => {
    const own = new AbortController()
    const waiting = openPool(2, own.signal).run(job('wait'))
    own.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('stops jobs that begin after the signal has aborted', async () => {
    await expect(openPool(1, AbortSignal.abort()).run(job('wait'))).rejects.toMatchObject({
      name: 'AbortError',
    })
  })

  test('fails the jobs of a thread that dies, and not those of the others', async () => {
    const pool = openPool(2)
    const dying = pool.run(job('die'))
    const living = pool.run(job('echo', 'alive'))
    await expect(dying).rejects.toThrow('ended unexpectedly')
    expect(await living).toBe('alive')
  })
})
