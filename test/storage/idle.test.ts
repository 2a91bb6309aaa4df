import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { withIdleTimeout } from '../../src/storage/idle.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { withRetry } from '../../src/storage/retry.ts'
import type { ListedObject, ListOptions, ReadOptions } from '../../src/storage/storage.ts'
import { conformance } from './conformance.ts'
import { collect, keysOf } from './streams.ts'

const idleMs = 40
const never = new Promise<never>(() => {})

/** A storage whose streams stop for ever after what it was told, as often as it was told. */
class StallingStorage extends MemoryStorage {
  stalls: number[] = []
  signals: (AbortSignal | undefined)[] = []

  override async *read(key: string, options?: ReadOptions): AsyncGenerator<Uint8Array> {
    this.signals.push(options?.signal)
    let left = this.stalls.shift() ?? Infinity
    for await (const chunk of super.read(key, options)) {
      if (left <= 0) await never
      left -= chunk.length
      yield chunk
    }
    if (left < Infinity) await never
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListedObject> {
    let left = this.stalls.shift() ?? Infinity
    for await (const object of super.list(prefix, options)) {
      if (left <= 0) await never
      left -= 1
      yield object
    }
  }
}

conformance(
  async () => ({
    storage: withIdleTimeout(new MemoryStorage()),
    leftovers: async () => [],
    async [Symbol.asyncDispose]() {},
  }),
  { resumable: true },
)

describe('a stream that stalls', () => {
  test('fails as one that may do better next time, and its backend is told', async () => {
    const stalling = new StallingStorage()
    await stalling.put('key', Buffer.alloc(200_000), { kind: 'content' })
    for (const after of [0, 1, 200_000]) {
      stalling.stalls.push(after)
      await expect(collect(withIdleTimeout(stalling, idleMs).read('key'))).rejects.toMatchObject({
        name: 'StorageError',
        transient: true,
        message: 'no byte of key came for 0.04 s',
      })
      expect(stalling.signals.at(-1)?.aborted).toBe(true)
    }
  })

  test('is opened again by the retry wrapper, where it stopped', async () => {
    const stalling = new StallingStorage()
    const bytes = Buffer.alloc(500_000, 'photo')
    await stalling.put('key', bytes, { kind: 'content' })
    for (const key of ['a', 'b', 'c']) await stalling.put(key, Buffer.alloc(1), { kind: 'index' })
    const policy = { tries: 4, firstDelayMs: 1, maxDelayMs: 1, budgetMs: 1000 }
    const storage = withRetry(withIdleTimeout(stalling, idleMs), policy)
    stalling.stalls.push(100_000, 1, 0)
    expect(bytes.equals(await collect(storage.read('key')))).toBe(true)
    stalling.stalls.push(2, 0)
    expect(await keysOf(storage.list(''))).toEqual(['a', 'b', 'c', 'key'])
  })

  test('is no stream whose reader takes its time', async () => {
    const storage = withIdleTimeout(new StallingStorage(), idleMs)
    await storage.put('key', Buffer.alloc(200_000), { kind: 'content' })
    let given = 0
    for await (const chunk of storage.read('key')) {
      await delay(2 * idleMs)
      given += chunk.length
    }
    expect(given).toBe(200_000)
  })

  test('ends at once when the signal aborts', async () => {
    const stalling = new StallingStorage()
    await stalling.put('key', Buffer.alloc(10), { kind: 'content' })
    stalling.stalls.push(0)
    const controller = new AbortController()
    const reason = new Error('enough')
    const reading = collect(withIdleTimeout(stalling, 60_000).read('key', { signal: controller.signal }))
    setTimeout(() => controller.abort(reason), 10)
    await expect(reading).rejects.toBe(reason)
  })
})
