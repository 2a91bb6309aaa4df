import { expect, test } from 'vitest'
import { FrozenError } from '../../../src/runs/thaw/frozenError.ts'
import { thaw } from '../../../src/runs/thaw/thaw.ts'
import { StorageError } from '../../../src/storage/errors.ts'
import type { Temperature } from '../../../src/storage/thawing.ts'
import { Freezer } from './freezer.ts'

const gigabyte = 1024 ** 3
const glacier: Temperature = { state: 'frozen', storageClass: 'GLACIER' }
const deep: Temperature = { state: 'frozen', storageClass: 'DEEP_ARCHIVE' }
const readable: Temperature = { state: 'readable' }

function freezerWith(...temperatures: Temperature[]) {
  const freezer = new Freezer()
  const objects = temperatures.map((temperature, i) => {
    freezer.objects.set(`objects/${i}`, temperature)
    return { key: `objects/${i}`, size: 2 * gigabyte }
  })
  return { freezer, needed: () => objects }
}

test('a vault that can be read costs one look', async () => {
  const { freezer, needed } = freezerWith(readable, readable, readable)
  const pending = await thaw(freezer, needed, { choice: undefined })
  expect(pending.total.objects).toBe(0)
  expect(freezer.looks).toBe(1)
})

test('nothing that is needed is nothing to look at', async () => {
  const pending = await thaw(new Freezer(), () => [], { choice: undefined })
  expect(pending.total.objects).toBe(0)
})

test('frozen objects are told with what each tier costs and takes, and nothing is asked for', async () => {
  const { freezer, needed } = freezerWith(glacier, readable, glacier)
  const error: unknown = await thaw(freezer, needed, { choice: undefined }).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(FrozenError)
  const { message, hint, costs } = error as FrozenError
  expect(message).toBe('2 of the objects that are needed (4.0 GiB) are frozen in GLACIER')
  expect(costs).toEqual([
    { tier: 'bulk', hours: 12, dollars: 0 },
    { tier: 'standard', hours: 5, dollars: expect.closeTo(0.0401, 6) as number },
    { tier: 'expedited', hours: 0.1, dollars: expect.closeTo(0.14, 6) as number },
  ])
  expect(hint).toContain('--thaw standard   readable within 5 h, about $0.04')
  expect(hint).toContain('--thaw expedited  readable within minutes, about $0.14')
  expect(freezer.asked).toEqual([])
})

test('where classes are mixed, only the tiers that all of them have are offered, at the slowest one’s pace', async () => {
  const { freezer, needed } = freezerWith(glacier, deep)
  const error: unknown = await thaw(freezer, needed, { choice: undefined }).catch((caught: unknown) => caught)
  expect((error as FrozenError).costs.map(({ tier, hours }) => [tier, hours])).toEqual([
    ['bulk', 48],
    ['standard', 12],
  ])
})

test('just the frozen ones are thawed, and a later call finds them readable', async () => {
  const { freezer, needed } = freezerWith(glacier, readable, { state: 'thawed', until: undefined }, glacier)
  const choice = { tier: 'bulk', wait: false } as const
  const pending = await thaw(freezer, needed, { choice })
  expect(pending.total).toEqual({ objects: 2, bytes: 4 * gigabyte })
  expect(freezer.asked).toEqual([
    ['objects/0', 'bulk'],
    ['objects/3', 'bulk'],
  ])
  expect((await thaw(freezer, needed, { choice })).total.objects).toBe(2)
  freezer.pass()
  expect((await thaw(freezer, needed, { choice })).total.objects).toBe(0)
  expect(freezer.asked).toHaveLength(2)
})

test('a call without a tier while others thaw says that they do, and asks for nothing', async () => {
  const { freezer, needed } = freezerWith({ state: 'thawing', storageClass: 'GLACIER' }, readable)
  const pending = await thaw(freezer, needed, { choice: undefined })
  expect(pending.thawing.objects).toBe(1)
  expect(freezer.asked).toEqual([])
})

test('whoever waits goes on when all can be read', async () => {
  const { freezer, needed } = freezerWith(glacier, glacier)
  let waited = 0
  const onWaiting = (): void => {
    waited += 1
    if (waited === 3) freezer.pass()
  }
  const choice = { tier: 'standard', wait: true, onWaiting, pollMs: 1 } as const
  expect((await thaw(freezer, needed, { choice })).total.objects).toBe(0)
  expect(waited).toBe(3)
  expect(freezer.asked).toHaveLength(2)
})

test('whoever waits does not take a broken connection for the end of it', async () => {
  const { freezer, needed } = freezerWith(glacier)
  const onWaiting = (): void => {
    freezer.temperature = async () => {
      throw new StorageError('gave up after 8 tries over 4 min', { transient: true })
    }
  }
  const choice = { tier: 'bulk', wait: true, pollMs: 1, onWaiting } as const
  await expect(thaw(freezer, needed, { choice })).rejects.toThrow('gave up')
})

test('waiting ends when the signal aborts', async () => {
  const { freezer, needed } = freezerWith(glacier)
  const stop = new AbortController()
  const choice = { tier: 'bulk', wait: true, onWaiting: () => stop.abort(new Error('enough')) } as const
  await expect(thaw(freezer, needed, { choice, signal: stop.signal })).rejects.toThrow('enough')
})

test('an object that is not there is left to whoever reads it, and the others are thawed', async () => {
  const { freezer, needed: present } = freezerWith(glacier)
  const needed = () => [{ key: 'objects/none', size: 1 }, ...present()]
  await expect(thaw(freezer, needed, { choice: undefined })).rejects.toThrow('1 of the objects')
  const pending = await thaw(freezer, needed, { choice: { tier: 'bulk', wait: false } })
  expect(pending.thawing.objects).toBe(1)
})
