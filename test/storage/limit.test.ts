import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { StorageError } from '../../src/storage/errors.ts'
import { withLimit } from '../../src/storage/limit.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { FaultyStorage } from '../support/faultyStorage.ts'
import { conformance } from './conformance.ts'
import { collect } from './streams.ts'

const kind = 'index' as const

conformance(
  async () => ({
    storage: withLimit(new MemoryStorage(), 2),
    leftovers: async () => [],
    async [Symbol.asyncDispose]() {},
  }),
  { resumable: true },
)

/** A storage whose puts all hang until they are let go. */
class HangingStorage extends MemoryStorage {
  running = 0
  most = 0
  readonly #gate = Promise.withResolvers<void>()

  letGo(): void {
    this.#gate.resolve()
  }

  override async put(...args: Parameters<MemoryStorage['put']>): Promise<void> {
    this.running += 1
    this.most = Math.max(this.most, this.running)
    await this.#gate.promise
    await super.put(...args)
    this.running -= 1
  }
}

test('no more calls run at once than allowed, and all get their turn', async () => {
  const hanging = new HangingStorage()
  const storage = withLimit(hanging, 3)
  const all = Array.from({ length: 20 }, (_, n) => storage.put(`key${n}`, Buffer.alloc(1), { kind }))
  await turn()
  expect(hanging.running).toBe(3)
  hanging.letGo()
  await Promise.all(all)
  expect(hanging.most).toBe(3)
})

test("the backend's own number is the limit unless another is given", async () => {
  const hanging = new HangingStorage()
  const storage = withLimit(hanging)
  const all = Array.from({ length: 50 }, (_, n) => storage.put(`key${n}`, Buffer.alloc(1), { kind }))
  await turn()
  expect(hanging.running).toBe(hanging.capabilities.concurrency)
  hanging.letGo()
  await Promise.all(all)
})

test('a read counts until its stream ends or is left', async () => {
  const storage = withLimit(new MemoryStorage(), 1)
  await storage.put('key', Buffer.alloc(200_000), { kind })
  const reading = storage.read('key')[Symbol.asyncIterator]()
  await reading.next()
  let stated = false
  const stat = storage.stat('key').then(() => (stated = true))
  await turn()
  expect(stated).toBe(false)
  await reading.return?.()
  await stat
  expect(stated).toBe(true)
})

test('a stream that nobody asked anything of takes no place', async () => {
  const storage = withLimit(new MemoryStorage(), 1)
  await storage.put('key', Buffer.from('bytes'), { kind })
  const unread = storage.read('key')
  expect(await storage.stat('key')).toEqual({ size: 5 })
  expect(String(await collect(unread))).toBe('bytes')
})

test('a call that fails gives its place back', async () => {
  const faulty = new FaultyStorage(new MemoryStorage())
  const storage = withLimit(faulty, 1)
  const error = new StorageError('broken', { transient: false })
  for (const method of ['put', 'stat', 'read', 'list'] as const) faulty.breakNext(method, { error })
  await expect(storage.put('key', Buffer.alloc(1), { kind })).rejects.toBe(error)
  await expect(storage.stat('key')).rejects.toBe(error)
  await expect(collect(storage.read('key'))).rejects.toBe(error)
  await expect(Array.fromAsync(storage.list(''))).rejects.toBe(error)
  await storage.put('key', Buffer.alloc(1), { kind })
  expect(await storage.stat('key')).toEqual({ size: 1 })
})

test('each call of a resumable upload takes its turn', async () => {
  const hanging = new HangingStorage()
  const storage = withLimit(hanging, 1)
  const options = { kind, size: 4096, pieceSize: 4096 }
  const upload = await storage.resumable?.begin('large', options)
  const first = storage.put('first', Buffer.alloc(1), { kind })
  let appended = false
  const append = upload?.append(Buffer.alloc(4096), {}).then(() => (appended = true))
  await turn()
  expect(appended).toBe(false)
  hanging.letGo()
  await Promise.all([first, append])
  await upload?.complete({})
  expect(await storage.stat('large')).toEqual({ size: 4096 })
})

test('who waits for a turn can be called off, and the others move up', async () => {
  const hanging = new HangingStorage()
  const storage = withLimit(hanging, 1)
  const controller = new AbortController()
  const reason = new Error('enough')
  const first = storage.put('first', Buffer.alloc(1), { kind })
  const second = storage.put('second', Buffer.alloc(1), { kind, signal: controller.signal })
  const third = storage.put('third', Buffer.alloc(1), { kind })
  controller.abort(reason)
  await expect(second).rejects.toBe(reason)
  hanging.letGo()
  await Promise.all([first, third])
  expect((await Array.fromAsync(hanging.list(''))).map(({ key }) => key)).toEqual(['first', 'third'])
})
