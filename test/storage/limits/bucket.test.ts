import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Bucket } from '../../../src/storage/limits/bucket.ts'
import { TestClock } from './clock.ts'

const rate = 1000
/** What may have gathered while nothing was taken, with what a timer is late. */
const burst = rate * 0.252

function newCell(): BigInt64Array<SharedArrayBuffer> {
  return new BigInt64Array(new SharedArrayBuffer(8))
}

const piece = fc.integer({ min: 1, max: 500 })
const pause = fc.integer({ min: 0, max: 2000 })
const takers = fc.array(fc.array(fc.tuple(pause, piece), { minLength: 1, maxLength: 15 }), {
  minLength: 1,
  maxLength: 4,
})

test('over no stretch of time does more pass than comes in then, a burst, and one piece', async () => {
  await fc.assert(
    fc.asyncProperty(takers, async (all) => {
      const clock = new TestClock()
      const cell = newCell()
      const passed: { at: number; tokens: number }[] = []
      await Promise.all(
        all.map(async (steps) => {
          const bucket = new Bucket(cell, clock)
          for (const [wait, tokens] of steps) {
            if (wait > 0) await clock.sleep(wait, undefined)
            await bucket.take(tokens, rate, undefined)
            passed.push({ at: clock.ms, tokens })
          }
        }),
      )
      for (const [i, first] of passed.entries()) {
        let sum = 0
        for (const { at, tokens } of passed.slice(i)) {
          sum += tokens
          expect(sum - tokens).toBeLessThanOrEqual(((at - first.at) / 1000) * rate + burst + 1)
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('who always has something to send gets the whole rate', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 20, maxLength: 60 }), async (pieces) => {
      const clock = new TestClock()
      const bucket = new Bucket(newCell(), clock)
      const began = clock.ms
      for (const tokens of pieces) await bucket.take(tokens, rate, undefined)
      const sent = pieces.reduce((sum, tokens) => sum + tokens, 0)
      expect(clock.ms - began).toBeLessThanOrEqual((sent / rate) * 1000 + pieces.length)
    }),
    { numRuns: 60 },
  )
})

test('a quarter of a second that was not used may be made up for, and no more', async () => {
  const clock = new TestClock()
  const bucket = new Bucket(newCell(), clock)
  clock.advance(3_600_000)
  const began = clock.ms
  for (let i = 0; i < 25; i++) await bucket.take(10, rate, undefined)
  expect(clock.ms).toBe(began)
  for (let i = 0; i < 100; i++) await bucket.take(10, rate, undefined)
  expect(clock.ms - began).toBeGreaterThanOrEqual(980)
})

test('a wait ends when the signal aborts', async () => {
  const bucket = new Bucket(newCell(), {
    now: () => process.hrtime.bigint(),
    time: () => new Date(),
    sleep: async (_ms, signal) =>
      await new Promise((_resolve, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason as Error)),
      ),
  })
  await bucket.take(1_000_000, rate, undefined)
  const controller = new AbortController()
  const taking = bucket.take(1, rate, controller.signal)
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(taking).rejects.toBe(reason)
})
