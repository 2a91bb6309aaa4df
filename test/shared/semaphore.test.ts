import { expect, test } from 'vitest'
import { Semaphore } from '../../src/shared/semaphore.ts'

test('a semaphore lets in as many as it has permits, and the others in the order in which they came', async () => {
  const semaphore = new Semaphore(2)
  const entered: number[] = []
  const releases: (() => void)[] = []
  const all = [0, 1, 2, 3].map(async (n) => {
    releases[n] = await semaphore.acquire()
    entered.push(n)
  })
  await Promise.all(all.slice(0, 2))
  expect(entered).toEqual([0, 1])
  releases[1]?.()
  await all[2]
  releases[0]?.()
  await all[3]
  expect(entered).toEqual([0, 1, 2, 3])
})

test('a permit that is given back twice counts once', async () => {
  const semaphore = new Semaphore(1)
  const release = await semaphore.acquire()
  release()
  release()
  const second = await semaphore.acquire()
  let third = false
  const waiting = semaphore.acquire().then(() => (third = true))
  await Promise.resolve()
  expect(third).toBe(false)
  second()
  await waiting
  expect(third).toBe(true)
})
