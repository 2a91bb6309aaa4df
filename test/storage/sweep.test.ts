import { expect, test } from 'vitest'
import { AccessDeniedError } from '../../src/storage/errors.ts'
import type { Leftover, Leftovers } from '../../src/storage/leftovers.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { sweep } from '../../src/storage/sweep.ts'
import { keysOf } from './streams.ts'

const kind = 'index' as const
const now = () => new Date()
const inAYear = () => new Date(Date.now() + 365 * 86_400_000)

class LitteredStorage extends MemoryStorage {
  left: Leftover[]
  refuses = false

  constructor(...days: number[]) {
    super()
    this.left = days.map((age) => ({
      id: String(age),
      key: undefined,
      time: new Date(Date.now() - age * 86_400_000),
      size: 100,
    }))
  }

  get leftovers(): Leftovers {
    // oxlint-disable-next-line typescript/no-this-alias, unicorn/no-this-assignment -- a generator has its own
    const storage = this
    return {
      rule: undefined,
      async *list() {
        yield* storage.left
      },
      async remove({ id }) {
        if (storage.refuses) throw new AccessDeniedError('403')
        storage.left = storage.left.filter((each) => each.id !== id)
      },
    }
  }
}

test('what is older than a week goes, and what a backup may go on with stays', async () => {
  const storage = new LitteredStorage(0, 1, 6.9, 7.1, 400)
  expect(await sweep(storage, { now })).toEqual({ removed: 2, bytes: 200, kept: 3, refused: false })
  expect(storage.left.map(({ id }) => id)).toEqual(['0', '1', '6.9'])
})

test("age is told by the storage's own clock", async () => {
  const storage = new LitteredStorage(1)
  expect(await sweep(storage, { now: inAYear })).toMatchObject({ removed: 0, kept: 1 })
})

test('credentials that may not delete are told as such', async () => {
  const storage = new LitteredStorage(30)
  storage.refuses = true
  expect(await sweep(storage, { now })).toEqual({ removed: 0, bytes: 0, kept: 0, refused: true })
})

test('of the objects only those of old probes go', async () => {
  const storage = new MemoryStorage()
  const oldTrial = 'uploads/trial-20200101T000000Z-01234567-large'
  const others = [
    'objects/ab/trial-20200101T000000Z-0-x',
    'uploads/0123-4567',
    'uploads/20200101T000000Z-0123',
    'uploads/trial-20990101T000000Z-01234567-large',
    'uploads/trial-other',
    'vault.json',
  ]
  for (const key of [oldTrial, ...others]) await storage.put(key, Buffer.alloc(10), { kind })
  expect(await sweep(storage, { now })).toEqual({ removed: 1, bytes: 10, kept: 0, refused: false })
  expect(await keysOf(storage.list(''))).toEqual(others)
})
