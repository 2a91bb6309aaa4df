import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { StorageError } from '../../../src/storage/errors.ts'
import { withAdaptiveUploads } from '../../../src/storage/limits/adaptive.ts'
import { MemoryStorage } from '../../../src/storage/memory.ts'
import { FaultyStorage } from '../../support/faultyStorage.ts'
import { conformance } from '../conformance.ts'
import { pieces } from '../streams.ts'

const kind = 'content' as const
const megabyte = 1024 * 1024

conformance(
  async () => ({
    storage: withAdaptiveUploads(new MemoryStorage()),
    leftovers: async () => [],
    async [Symbol.asyncDispose]() {},
  }),
  { resumable: true },
)

/** A storage whose puts take their time on a clock of its own, and count how many there are at once. */
class SlowStorage extends MemoryStorage {
  now = 0
  putMs = 0
  running = 0
  most = 0

  override async put(...args: Parameters<MemoryStorage['put']>): Promise<void> {
    this.running += 1
    this.most = Math.max(this.most, this.running)
    await turn()
    this.now += this.putMs
    await super.put(...args)
    this.running -= 1
  }
}

async function mostAtOnce(slow: SlowStorage, storage: MemoryStorage['put'], count: number): Promise<number> {
  slow.most = 0
  const puts = Array.from({ length: count }, (_, i) =>
    storage(`${slow.now}/${i}`, Buffer.alloc(megabyte), { kind }),
  )
  await Promise.all(puts)
  return slow.most
}

describe('the number of parallel uploads', () => {
  test('is what the backend takes while all is well', async () => {
    const slow = new SlowStorage()
    const storage = withAdaptiveUploads(slow, () => slow.now)
    expect(await mostAtOnce(slow, storage.put.bind(storage), 50)).toBe(16)
  })

  test('shrinks on a slow link, and grows again when it is fast', async () => {
    const slow = new SlowStorage()
    const storage = withAdaptiveUploads(slow, () => slow.now)
    const put = storage.put.bind(storage)
    slow.putMs = 30_000
    await mostAtOnce(slow, put, 60)
    expect(await mostAtOnce(slow, put, 6)).toBeLessThanOrEqual(2)
    slow.putMs = 1
    await mostAtOnce(slow, put, 300)
    expect(await mostAtOnce(slow, put, 50)).toBe(16)
  })

  test('is halved by a server that asks to slow down', async () => {
    const slow = new SlowStorage()
    const faulty = new FaultyStorage(slow)
    const storage = withAdaptiveUploads(faulty, () => slow.now)
    slow.putMs = 1
    const busy = { error: new StorageError('503 SlowDown', { transient: true }), when: 'after' as const }
    faulty.breakNext('put', ...Array.from({ length: 16 }, () => busy))
    const puts = Array.from({ length: 16 }, (_, i) => storage.put(`busy/${i}`, Buffer.alloc(1), { kind }))
    expect((await Promise.allSettled(puts)).every(({ status }) => status === 'rejected')).toBe(true)
    slow.most = 0
    await mostAtOnce(slow, storage.put.bind(storage), 8)
    expect(slow.most).toBe(8)
    await expect(storage.put('busy/1', Buffer.alloc(1), { kind })).rejects.toThrow('already exists')
    expect(await mostAtOnce(slow, storage.put.bind(storage), 40)).toBeLessThan(16)
  })

  test('is not the fault of a source that is slow', async () => {
    const slow = new SlowStorage()
    const storage = withAdaptiveUploads(slow, () => slow.now)
    async function* slowSource() {
      for await (const chunk of pieces(Buffer.alloc(megabyte), 65_536)) {
        slow.now += 60_000
        yield chunk
      }
    }
    for (let i = 0; i < 4; i++) await storage.upload(`stream/${i}`, slowSource(), { kind })
    expect(await mostAtOnce(slow, storage.put.bind(storage), 50)).toBe(16)
  })
})
