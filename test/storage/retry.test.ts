import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { AccessDeniedError, ObjectExistsError, StorageError } from '../../src/storage/errors.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { retrying, withRetry, type RetryPolicy } from '../../src/storage/retry.ts'
import type { Thawing } from '../../src/storage/thawing.ts'
import { FaultyStorage } from '../support/faultyStorage.ts'
import { conformance } from './conformance.ts'
import { collect, keysOf, pieces } from './streams.ts'

const quick: RetryPolicy = { tries: 4, firstDelayMs: 1, maxDelayMs: 4, budgetMs: 10_000 }
const transient = () => ({ error: new StorageError('503 SlowDown', { transient: true }) })
const lasting = new StorageError('400 InvalidRequest', { transient: false })
const kind = 'content' as const

function storages(policy = quick) {
  const memory = new MemoryStorage()
  const faulty = new FaultyStorage(memory)
  return { memory, faulty, storage: withRetry(faulty, policy) }
}

conformance(
  async () => ({
    storage: storages().storage,
    leftovers: async () => [],
    async [Symbol.asyncDispose]() {},
  }),
  { resumable: true },
)

describe('transient failures', () => {
  test('a put is tried again with the same bytes', async () => {
    const { storage, faulty } = storages()
    const bytes = randomBytes(1000)
    faulty.breakNext('put', transient(), transient())
    await storage.put('key', bytes, { kind })
    expect(bytes.equals(await collect(storage.read('key')))).toBe(true)
    expect(faulty.left).toBe(0)
  })

  test('a put whose answer was lost ends as a taken key', async () => {
    const { storage, faulty } = storages()
    faulty.breakNext('put', { ...transient(), when: 'after' })
    await expect(storage.put('key', Buffer.from('bytes'), { kind })).rejects.toThrow(ObjectExistsError)
    expect(String(await collect(storage.read('key')))).toBe('bytes')
  })

  test('what was given up is not fought for once more by whoever repeats a larger piece of work', async () => {
    let calls = 0
    const call = async () => {
      calls += 1
      throw transient().error
    }
    const inner = async () => await retrying(call, { policy: quick, signal: undefined })
    const outer = retrying(inner, { policy: quick, signal: undefined })
    await expect(outer).rejects.toThrow(/^gave up after 4 tries/)
    expect(calls).toBe(4)
  })

  test('a stat is tried again', async () => {
    const { storage, faulty } = storages()
    await storage.put('key', Buffer.alloc(7), { kind })
    faulty.breakNext('stat', transient(), transient(), transient())
    expect(await storage.stat('key')).toEqual({ size: 7 })
  })

  test('a look at a frozen object is tried again, and so is thawing it', async () => {
    const done: string[] = []
    const failures = [transient().error, transient().error]
    const call = async (what: string) => {
      const failure = failures.pop()
      if (failure) throw failure
      done.push(what)
      failures.push(transient().error)
    }
    class Archive extends MemoryStorage {
      readonly thawing: Thawing = {
        offers: [],
        temperature: async (key) => await call(`look at ${key}`).then(() => ({ state: 'readable' })),
        thaw: async (key, tier) => await call(`${tier} ${key}`),
      }
    }
    const { thawing } = withRetry(new Archive(), quick)
    expect(await thawing?.temperature('key', {})).toEqual({ state: 'readable' })
    await thawing?.thaw('key', 'bulk', { days: 7 })
    expect(done).toEqual(['look at key', 'bulk key'])
    expect(withRetry(new MemoryStorage(), quick).thawing).toBeUndefined()
  })

  test('a read goes on where it broke off, again and again', async () => {
    const { storage, faulty } = storages()
    const bytes = randomBytes(500_000)
    await storage.put('key', bytes, { kind })
    const breaks = [0, 1, 0, 70_000, 65_536, 0, 100_000, 12_345, 0]
    faulty.breakNext('read', ...breaks.map((when) => ({ ...transient(), when })))
    expect(bytes.equals(await collect(storage.read('key')))).toBe(true)
    expect(faulty.left).toBe(0)
  })

  test('a range goes on where it broke off', async () => {
    const { storage, faulty } = storages()
    const bytes = randomBytes(300_000)
    await storage.put('key', bytes, { kind })
    for (const range of [
      { offset: 1000, length: 200_000 },
      { offset: 200_000, length: 900_000 },
    ]) {
      faulty.breakNext('read', { ...transient(), when: 0 }, { ...transient(), when: 70_001 })
      const expected = bytes.subarray(range.offset, range.offset + range.length)
      expect(expected.equals(await collect(storage.read('key', { range })))).toBe(true)
    }
  })

  test('a read that broke after its last byte is over', async () => {
    const { storage, faulty } = storages()
    await storage.put('key', Buffer.from('0123456789'), { kind })
    faulty.breakNext('read', { ...transient(), when: 10 })
    expect(String(await collect(storage.read('key')))).toBe('0123456789')
    faulty.breakNext('read', { ...transient(), when: 4 })
    expect(String(await collect(storage.read('key', { range: { offset: 3, length: 4 } })))).toBe('3456')
  })

  test('a listing goes on after the last key that was given', async () => {
    const { storage, faulty } = storages()
    const keys = ['a', 'b', 'c', 'd', 'e']
    for (const key of keys) await storage.put(key, Buffer.alloc(1), { kind })
    faulty.breakNext('list', { ...transient(), when: 2 }, transient(), { ...transient(), when: 3 })
    expect(await keysOf(storage.list(''))).toEqual(keys)
    faulty.breakNext('list', { ...transient(), when: 1 })
    expect(await keysOf(storage.list('', { after: 'b' }))).toEqual(['c', 'd', 'e'])
  })

  test('an upload is not tried again, because its source was read', async () => {
    const { storage, faulty } = storages()
    const fault = transient()
    faulty.breakNext('upload', fault)
    await expect(storage.upload('key', pieces(Buffer.alloc(9), 2), { kind })).rejects.toBe(fault.error)
  })
})

describe('the end of patience', () => {
  test('other errors come at once', async () => {
    const { storage, faulty } = storages()
    for (const error of [
      lasting,
      new AccessDeniedError('403'),
      new ObjectExistsError('key'),
      new Error('bug'),
    ]) {
      faulty.breakNext('put', { error })
      await expect(storage.put('key', Buffer.alloc(1), { kind })).rejects.toBe(error)
    }
  })

  test('after the last try the error tells of all of them', async () => {
    const { storage, faulty } = storages()
    const faults = Array.from({ length: quick.tries }, transient)
    faulty.breakNext('stat', ...faults, transient())
    await expect(storage.stat('key')).rejects.toMatchObject({
      name: 'StorageError',
      transient: true,
      message: expect.stringMatching(/^gave up after 4 tries over \d+ s: 503 SlowDown$/),
      cause: faults.at(-1)?.error,
    })
    expect(faulty.left).toBe(1)
  })

  test('a server that asks to wait for longer than the budget is not waited for', async () => {
    let tries = 0
    const failing = async () => {
      tries += 1
      throw new StorageError('503', { transient: true, retryAfterMs: 60_000 })
    }
    const started = retrying(failing, { policy: { ...quick, budgetMs: 59_000 }, signal: undefined })
    await expect(started).rejects.toThrow(
      /^gave up after the first try, because the server asks for a wait of 60 s: 503$/,
    )
    expect(tries).toBe(1)
  })

  test('no try begins after the time budget', async () => {
    let tries = 0
    const failing = async () => {
      tries += 1
      throw new StorageError('503', { transient: true, retryAfterMs: 20 })
    }
    const started = retrying(failing, { policy: { ...quick, tries: 100, budgetMs: 50 }, signal: undefined })
    await expect(started).rejects.toThrow(/^gave up after [23] tries over \d+ s/)
    expect(tries).toBeLessThanOrEqual(3)
  })

  test('a slow try takes nothing from the budget of those after it', async () => {
    let tries = 0
    const slowThenFine = async () => {
      tries += 1
      if (tries > 1) return 'fine'
      await delay(60)
      throw new StorageError('503', { transient: true })
    }
    const policy = { ...quick, budgetMs: 50 }
    expect(await retrying(slowThenFine, { policy, signal: undefined })).toBe('fine')
  })

  test('a read that makes progress has its patience back', async () => {
    const { storage, faulty } = storages()
    await storage.put('key', Buffer.alloc(20), { kind })
    faulty.breakNext('read', ...Array.from({ length: 15 }, () => ({ ...transient(), when: 1 })))
    expect(await collect(storage.read('key'))).toHaveLength(20)
  })

  test('a read that makes no progress gives up', async () => {
    const { storage, faulty } = storages()
    await storage.put('key', Buffer.alloc(20), { kind })
    faulty.breakNext('read', { ...transient(), when: 5 }, ...Array.from({ length: 4 }, transient))
    await expect(collect(storage.read('key'))).rejects.toThrow('gave up after 4 tries')
  })

  test('a server that asks to wait is obeyed', async () => {
    const { storage, faulty } = storages()
    faulty.breakNext('put', { error: new StorageError('503', { transient: true, retryAfterMs: 200 }) })
    const began = performance.now()
    await storage.put('key', Buffer.alloc(1), { kind })
    expect(performance.now() - began).toBeGreaterThanOrEqual(190)
  })

  test('a wait ends when the signal aborts', async () => {
    const { storage, faulty } = storages({ ...quick, budgetMs: Infinity })
    faulty.breakNext('put', { error: new StorageError('503', { transient: true, retryAfterMs: 3_600_000 }) })
    const controller = new AbortController()
    const reason = new Error('enough')
    const putting = storage.put('key', Buffer.alloc(1), { kind, signal: controller.signal })
    setTimeout(() => controller.abort(reason), 20)
    await expect(putting).rejects.toBe(reason)
  })
})
