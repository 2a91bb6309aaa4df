import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nothing, oneObject, scaled, sum } from '../../../src/runs/forecast/amounts.ts'
import { committedCost, monthlyCost, requestCost } from '../../../src/runs/forecast/cost.ts'
import { growthOf } from '../../../src/runs/forecast/growth.ts'
import { noRequests } from '../../../src/runs/forecast/requests.ts'
import { restoreCosts } from '../../../src/runs/forecast/restoreCost.ts'
import { wholeClass, type ClassPrices } from '../../../src/storage/prices/priceList.ts'
import type { Tariff } from '../../../src/storage/prices/tariff.ts'

const gigabyte = 1e9
const megabyte = 1e6

/** Prices that are easy to reckon with. */
function tariff(content: Partial<ClassPrices>, others: Partial<Tariff> = {}): Tariff {
  const base = { name: 'test', storage: 0, put: 0, get: 0 }
  return {
    provider: 'test',
    region: '',
    storageClass: 'COLD',
    gigabyte,
    content: wholeClass({ ...base, ...content }),
    index: wholeClass(base),
    asOf: undefined,
    hasOwn: false,
    egress: 0,
    freeEgress: 0,
    freeEgressTimes: 0,
    ...others,
  }
}

const hundred = scaled(oneObject(gigabyte), 100)

describe('a month', () => {
  test('costs the contents at their price, and the index at its own', () => {
    const index = wholeClass({ name: 'usual', storage: 2, put: 0, get: 0 })
    const amounts = { content: hundred, index: scaled(oneObject(gigabyte), 3) }
    expect(monthlyCost(tariff({ storage: 0.5 }, { index }), amounts)).toBe(56)
  })

  test('bills small objects as larger ones where that is the rule', () => {
    const small = scaled(oneObject(31_072), 10_000)
    const month = (prices: Partial<ClassPrices>) =>
      monthlyCost(tariff(prices), { content: sum(hundred, small), index: nothing })
    expect(month({ storage: 1 })).toBeCloseTo(100.31072, 9)
    expect(month({ storage: 1, minimumObject: 131_072 })).toBeCloseTo(101.31072, 9)
  })

  test('bills what is added to each object, some of it at the usual price', () => {
    const index = wholeClass({ name: 'usual', storage: 10, put: 0, get: 0 })
    const prices = { storage: 1, overhead: 32_000, usualOverhead: 8000 }
    const content = scaled(oneObject(megabyte), 1_000_000)
    expect(monthlyCost(tariff(prices, { index }), { content, index: nothing })).toBeCloseTo(1000 + 32 + 80, 9)
  })

  test('has free gigabytes once for all, and a least amount', () => {
    const prices = wholeClass({ name: 'usual', storage: 1, put: 0, get: 0, freeStorage: 10 })
    const one = tariff({}, { content: prices, index: prices })
    expect(monthlyCost(one, { content: hundred, index: hundred })).toBe(190)
    expect(monthlyCost(one, { content: scaled(hundred, 0.01), index: nothing })).toBe(0)
    expect(
      monthlyCost(tariff({ storage: 1, minimumStorage: 1000 }), { content: hundred, index: nothing }),
    ).toBe(1000)
  })

  test('never costs less when more is stored', () => {
    const prices = fc.record({
      storage: fc.double({ min: 0, max: 1, noNaN: true }),
      minimumObject: fc.constantFrom(0, 131_072),
      overhead: fc.nat(40_960),
      usualOverhead: fc.nat(40_960),
      freeStorage: fc.nat(100),
      minimumStorage: fc.nat(1000),
    })
    const sizes = fc.array(fc.nat(1e9), { maxLength: 20 })
    fc.assert(
      fc.property(prices, sizes, fc.nat(1e9), (given, list, more) => {
        const content = sum(...list.map(oneObject))
        const month = (amount: typeof content) =>
          monthlyCost(tariff(given), { content: amount, index: nothing })
        expect(month(sum(content, oneObject(more)))).toBeGreaterThanOrEqual(month(content))
      }),
    )
  })
})

test('what is stored is billed for the least number of days', () => {
  expect(committedCost(tariff({ storage: 0.5, minimumDays: 180 }), hundred)).toBe(300)
  expect(committedCost(tariff({ storage: 0.5 }), hundred)).toBe(0)
})

describe('requests', () => {
  const prices = { put: 5, part: 2, get: 1 }

  test('cost what their kind costs, listings always the usual', () => {
    const index = wholeClass({ name: 'usual', storage: 0, put: 3, get: 0.5 })
    const content = { puts: 1000, parts: 2000, gets: 3000, lists: 0 }
    const rest = { puts: 1000, parts: 0, gets: 2000, lists: 1000 }
    expect(requestCost(tariff(prices, { index }), { content, index: rest })).toBe(5 + 4 + 3 + 3 + 1 + 3)
  })

  test('are free up to a number, over all of them together', () => {
    const free = wholeClass({ name: 'usual', storage: 0, put: 4, get: 2, freePuts: 3000, freeGets: 500 })
    const one = tariff({}, { content: free, index: free })
    const some = { puts: 1000, parts: 1000, gets: 500, lists: 0 }
    expect(requestCost(one, { content: some, index: noRequests })).toBe(0)
    expect(requestCost(one, { content: some, index: some })).toBeCloseTo(4 + 1, 9)
  })
})

describe('a restore', () => {
  test('costs reading and traffic, where nothing is frozen', () => {
    const cold = tariff({ get: 1, retrieval: 0.5 }, { egress: 0.1, freeEgress: 20 })
    expect(restoreCosts(cold, hundred, 0)).toEqual([
      { tier: undefined, thawHours: 0, reading: 0.1 + 50, traffic: 8, total: 58.1 },
    ])
  })

  test('has traffic for nothing up to some times of what is stored', () => {
    const [way] = restoreCosts(tariff({}, { egress: 1, freeEgressTimes: 3 }), hundred, 20 * gigabyte)
    expect(way?.traffic).toBe(40)
  })

  test('shows the cheapest way of thawing first, with the copies that lie there meanwhile', () => {
    const thaw = [
      { tier: 'standard', hours: 5, perGigabyte: 1, perThousand: 100 },
      { tier: 'bulk', hours: 48, perGigabyte: 0.5, perThousand: 10 },
    ] as const
    const index = wholeClass({ name: 'usual', storage: 3, put: 0, get: 0 })
    const frozen = tariff({ get: 1, thaw }, { gigabyte: 2 ** 30, index, egress: 0 })
    const amount = scaled(oneObject(2 ** 30), 100)
    const copies = (100 * 3 * 7) / 30
    expect(restoreCosts(frozen, amount, 0)).toMatchObject([
      { tier: 'bulk', thawHours: 48, reading: 0.2 + 50 + 1 + copies },
      { tier: 'standard', thawHours: 5, reading: 0.2 + 100 + 10 + copies },
    ])
  })
})

describe('growth', () => {
  const now = new Date('2026-11-21T00:00:00Z')
  const daysAgo = (days: number) => new Date(now.getTime() - days * 24 * 3600 * 1000)
  const came = (days: number, gigabytes: number) => ({
    at: daysAgo(days),
    amount: scaled(oneObject(gigabyte), gigabytes),
  })

  test('is what came since the vault had everything first', () => {
    const additions = [came(60, 500), came(50, 300), came(20, 4), came(0, 1)]
    expect(growthOf(additions, daysAgo(50), now)).toMatchObject({
      days: 50,
      amount: { objects: 5, bytes: 5e9 },
    })
  })

  test('looks back a year at most', () => {
    const additions = [came(900, 500), came(500, 40), came(300, 7)]
    expect(growthOf(additions, daysAgo(900), now)).toMatchObject({ days: 365, amount: { bytes: 7e9 } })
  })

  test('is not told in the first week, nor before there was a snapshot', () => {
    expect(growthOf([came(6, 1)], daysAgo(6), now)).toBe(undefined)
    expect(growthOf([came(60, 1)], undefined, now)).toBe(undefined)
  })
})
