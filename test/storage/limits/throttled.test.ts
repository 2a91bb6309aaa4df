import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { machineClock } from '../../../src/storage/limits/bucket.ts'
import { sharedLimits, type Limits } from '../../../src/storage/limits/limits.ts'
import { Throttle } from '../../../src/storage/limits/throttle.ts'
import { throttled } from '../../../src/storage/limits/throttled.ts'
import { MemoryStorage } from '../../../src/storage/memory.ts'
import type { Thawing } from '../../../src/storage/thawing.ts'
import { conformance } from '../conformance.ts'
import { collect, pieces } from '../streams.ts'
import { TestClock } from './clock.ts'

const kind = 'content' as const
const unlimited = { usual: Infinity, hours: [] }

function limits(own: Partial<Limits>): Limits {
  return {
    upload: unlimited,
    download: unlimited,
    concurrency: Infinity,
    requestsPerSecond: Infinity,
    shared: sharedLimits(),
    ...own,
  }
}

function slow(own: Partial<Limits>, others: Partial<Limits>[] = [], inner = new MemoryStorage()) {
  const clock = new TestClock()
  const throttle = new Throttle([own, ...others].map(limits), { clock, counted: true })
  const storage = throttled(inner, throttle, { pacesBodies: false })
  /** Seconds that something takes on the storage's clock. */
  const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
    const began = clock.ms
    await work()
    return (clock.ms - began) / 1000
  }
  return { storage, clock, throttle, secondsOf }
}

conformance(
  async () => {
    const fast = { usual: 1e9, hours: [] }
    const within = limits({ upload: fast, download: fast, concurrency: 4, requestsPerSecond: 1e5 })
    const throttle = new Throttle([within], { clock: machineClock, counted: true })
    return {
      storage: throttled(new MemoryStorage(), throttle, { pacesBodies: false }),
      leftovers: async () => [],
      async [Symbol.asyncDispose]() {},
    }
  },
  { resumable: true },
)

describe('bandwidth', () => {
  const upload = { usual: 100_000, hours: [] }

  test('bodies, streams and pieces go up no faster than allowed', async () => {
    const { storage, secondsOf } = slow({ upload })
    const bytes = Buffer.alloc(500_000)
    const seconds = await secondsOf(async () => {
      await storage.put('body', bytes, { kind })
      await storage.upload('stream', pieces(bytes, 70_000), { kind })
      const options = { kind, size: 512_000, pieceSize: 256_000 }
      const resumable = await storage.resumable?.begin('pieces', options)
      await resumable?.append(Buffer.alloc(256_000), {})
      await resumable?.append(Buffer.alloc(256_000), {})
      await resumable?.complete({})
    })
    expect(seconds).toBeGreaterThan(14.5)
    expect(seconds).toBeLessThan(15.5)
  })

  test('what a resumed upload holds already costs nothing', async () => {
    const { storage, secondsOf } = slow({ upload })
    const options = { kind, size: 512_000, pieceSize: 256_000 }
    const begun = await storage.resumable?.begin('pieces', options)
    await begun?.append(Buffer.alloc(256_000), {})
    const seconds = await secondsOf(async () => {
      const resumed = await storage.resumable?.resume('pieces', begun?.token ?? '', options)
      await resumed?.append(Buffer.alloc(256_000), {})
      await resumed?.append(Buffer.alloc(256_000), {})
    })
    expect(seconds).toBeGreaterThan(2)
    expect(seconds).toBeLessThan(3)
  })

  test('what is read comes down no faster than allowed, and uploads are another matter', async () => {
    const { storage, secondsOf } = slow({ download: { usual: 50_000, hours: [] } })
    expect(await secondsOf(() => storage.put('key', Buffer.alloc(500_000), { kind }))).toBe(0)
    const seconds = await secondsOf(() => collect(storage.read('key')))
    expect(seconds).toBeGreaterThan(9.5)
    expect(seconds).toBeLessThan(10.5)
  })

  test('a large body on its way lets small ones between', async () => {
    const { storage, clock } = slow({ upload })
    const order: string[] = []
    const put = async (key: string, size: number) => {
      await storage.put(key, Buffer.alloc(size), { kind })
      order.push(key)
    }
    const large = put('large', 2_000_000)
    await clock.sleep(1000, undefined)
    await put('small', 10_000)
    await large
    expect(order).toEqual(['small', 'large'])
  })

  test('the hour that begins in the middle of a body counts from then on', async () => {
    const { storage, clock, secondsOf } = slow({
      upload: { usual: Infinity, hours: [{ from: 0, to: 60, rate: 10_000 }] },
    })
    clock.advance((59 * 60 + 50) * 1000)
    const seconds = await secondsOf(() => storage.put('key', Buffer.alloc(100_000_000), { kind }))
    expect(seconds).toBeGreaterThan(9)
    expect(seconds).toBeLessThan(11)
  })

  test('of several limits each is kept', async () => {
    const fast = { usual: 1_000_000, hours: [] }
    for (const both of [slow({ upload: fast }, [{ upload }]), slow({ upload }, [{ upload: fast }])]) {
      const seconds = await both.secondsOf(() => both.storage.put('key', Buffer.alloc(500_000), { kind }))
      expect(seconds).toBeGreaterThan(4.5)
    }
  })
})

describe('requests', () => {
  test('calls are made no more often than allowed', async () => {
    const { storage, secondsOf } = slow({ requestsPerSecond: 10 })
    await storage.put('key', Buffer.alloc(1), { kind })
    const seconds = await secondsOf(async () => {
      for (let i = 0; i < 20; i++) {
        await storage.stat('key')
        await collect(storage.read('key'))
        await Array.fromAsync(storage.list('nothing'))
      }
    })
    expect(seconds).toBeGreaterThan(5.5)
    expect(seconds).toBeLessThan(6.5)
  })

  test('looks at frozen objects and requests to thaw them are among them', async () => {
    class Archive extends MemoryStorage {
      readonly thawing: Thawing = {
        offers: [],
        temperature: async () => ({ state: 'readable' }),
        thaw: async () => {},
      }
    }
    const { storage, secondsOf } = slow({ requestsPerSecond: 10 }, [], new Archive())
    const seconds = await secondsOf(async () => {
      for (let i = 0; i < 20; i++) await storage.thawing?.temperature('key', {})
      for (let i = 0; i < 10; i++) await storage.thawing?.thaw('key', 'bulk', { days: 1 })
    })
    expect(seconds).toBeGreaterThan(2.5)
    expect(seconds).toBeLessThan(3.5)
  })

  test('a stream costs one for each part of it', async () => {
    const { storage, secondsOf } = slow({ requestsPerSecond: 1 })
    const { partSize } = storage.capabilities
    const seconds = await secondsOf(() =>
      storage.upload('key', pieces(Buffer.alloc(10 * partSize), partSize / 2), { kind }),
    )
    expect(seconds).toBeGreaterThan(8)
    expect(seconds).toBeLessThan(10)
  })
})

describe('objects at once', () => {
  test('no more are under way than allowed', async () => {
    const { throttle } = slow({ concurrency: 2 })
    const first = await throttle.transfer(undefined)
    using _second = await throttle.transfer(undefined)
    let third = false
    const waiting = throttle.transfer(undefined).then((place) => {
      third = true
      return place
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(third).toBe(false)
    first[Symbol.dispose]()
    ;(await waiting)[Symbol.dispose]()
    expect(third).toBe(true)
  })

  test('who waits can be called off', async () => {
    const throttle = new Throttle([limits({ concurrency: 1 })], { clock: machineClock, counted: true })
    using _only = await throttle.transfer(undefined)
    const controller = new AbortController()
    const reason = new Error('enough')
    const waiting = throttle.transfer(controller.signal)
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
  })
})

test('threads share one rate and one number of places', async () => {
  const rate = 400_000
  const shared = limits({ upload: { usual: rate, hours: [] }, concurrency: 2 })
  const began = performance.now()
  const script = new URL('./sharingWorker.ts', import.meta.url)
  const most = await Promise.all(
    Array.from(
      { length: 4 },
      async () =>
        await new Promise<number>((resolve, reject) => {
          const worker = new Worker(script, { workerData: shared })
          worker.once('message', resolve)
          worker.once('error', reject)
        }),
    ),
  )
  // Four threads send 100,000 bytes each.
  expect(performance.now() - began).toBeGreaterThan((400_000 / rate) * 1000 - 300)
  expect(Math.max(...most)).toBeLessThanOrEqual(2)
})
