import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { rateAt, type RateHours } from '../../../src/storage/limits/rate.ts'

const minute = fc.integer({ min: 0, max: 24 * 60 - 1 })
const hours = fc.array(
  fc.record({ from: minute, to: minute, rate: fc.integer({ min: 1 }) }).filter(({ from, to }) => from !== to),
)

function at(minute: number): Date {
  return new Date(2026, 5, 15, Math.floor(minute / 60), minute % 60)
}

/** Every minute of the day that the hours cover, told the slow way. */
function minutesOf({ from, to }: RateHours): Set<number> {
  const minutes = new Set<number>()
  for (let m = from; m !== to; m = (m + 1) % (24 * 60)) minutes.add(m)
  return minutes
}

test('the first hours that cover a time count, and at all others the usual rate', () => {
  fc.assert(
    fc.property(hours, minute, (list, time) => {
      const expected = list.find((each) => minutesOf(each).has(time))?.rate ?? Infinity
      expect(rateAt({ usual: Infinity, hours: list }, at(time))).toBe(expected)
    }),
  )
})

test('hours may lie over midnight, and end before their last minute', () => {
  const night = { usual: 10, hours: [{ from: 22 * 60, to: 6 * 60, rate: 99 }] }
  const rates = ['21:59', '22:00', '23:59', '00:00', '05:59', '06:00'].map((time) =>
    rateAt(night, new Date(`2026-06-15T${time}:00`)),
  )
  expect(rates).toEqual([10, 99, 99, 99, 99, 10])
})
