import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findDestination } from '../../src/config/destination.ts'
import { limitsOf, parseRate, parseTimeOfDay } from '../../src/config/limits.ts'
import { storageOptions } from '../../src/config/storageOptions.ts'
import { folderWith } from './folder.ts'

describe('rates', () => {
  test.each([
    ['10MB/s', 10e6],
    ['10 MB/s', 10e6],
    ['1.5MiB/s', 1.5 * 1024 ** 2],
    ['20Mbit/s', 2.5e6],
    ['64kB/s', 64_000],
    ['64KiB/s', 65_536],
    ['1Gbit/s', 125e6],
    ['500000B/s', 500_000],
    ['unlimited', Infinity],
  ])('%s is read', (text, bytes) => {
    expect(parseRate(text)).toBe(bytes)
  })

  test.each(['10', '10MB', '10mb/s', '10KB/s', '10kiB/s', '-1MB/s', '1e9B/s', '1,5MB/s', '', 'MB/s', 'none'])(
    '%j is none: it could mean two things, or nothing',
    (text) => {
      expect(parseRate(text)).toBeUndefined()
    },
  )

  test('every rate that is written is read as what it says', () => {
    const unit = fc.constantFrom(['k', 1e3], ['M', 1e6], ['Gi', 1024 ** 3]) as fc.Arbitrary<[string, number]>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99_999 }), unit, fc.boolean(), (amount, [name, factor], bits) => {
        const text = `${amount / 10}${name}${bits ? 'bit' : 'B'}/s`
        expect(parseRate(text)).toBeCloseTo((amount / 10) * (bits ? factor / 8 : factor), 3)
      }),
    )
  })
})

function two(value: number): string {
  return String(value).padStart(2, '0')
}

test('every minute of the day is read as itself, and nothing else is a time', () => {
  fc.assert(
    fc.property(fc.nat(99), fc.nat(99), (hours, minutes) => {
      const valid = minutes < 60 && (hours < 24 || (hours === 24 && minutes === 0))
      expect(parseTimeOfDay(`${two(hours)}:${two(minutes)}`)).toBe(valid ? hours * 60 + minutes : undefined)
    }),
    { numRuns: 2000 },
  )
  expect(['8:00', '08:00:00', '0800', '08.00', ''].map(parseTimeOfDay)).toEqual(Array(5).fill(undefined))
})

const disk = 'name: disk, type: local, path: /a'

test("a destination keeps the file's limits and its own", async () => {
  await using folder = await folderWith({
    'safelight.yaml': `limits:
  upload: 10MB/s
  hours:
    - { from: 08:00, to: 23:00, upload: 2MB/s }
    - { from: 22:00, to: 24:00, download: 1MB/s }
destinations:
  - { ${disk}, limits: { download: 8Mbit/s, concurrency: 2, requestsPerSecond: 50 } }
  - { name: usb, type: local, path: /b }`,
  })
  const config = folder.load()
  const both = storageOptions(findDestination(config, 'disk'), config.limits).limits
  expect(both).toMatchObject([
    {
      upload: { usual: 10e6, hours: [{ from: 480, to: 1380, rate: 2e6 }] },
      download: { usual: Infinity, hours: [{ from: 1320, to: 1440, rate: 1e6 }] },
      concurrency: Infinity,
      requestsPerSecond: Infinity,
    },
    {
      upload: { usual: Infinity, hours: [] },
      download: { usual: 1e6 },
      concurrency: 2,
      requestsPerSecond: 50,
    },
  ])
  const [common] = storageOptions(findDestination(config, 'usb'), config.limits).limits ?? []
  expect(common?.shared).toBe(both?.[0]?.shared)
  expect(both?.[1]?.shared).not.toBe(both?.[0]?.shared)
})

test('without limits there are none', async () => {
  await using folder = await folderWith({ 'safelight.yaml': `destinations: [{ ${disk} }]` })
  const config = folder.load()
  expect(storageOptions(findDestination(config, 'disk'), config.limits)).not.toHaveProperty('limits')
})

test('limits of two files are not shared', () => {
  const settings = { hours: [] }
  expect(limitsOf(settings).shared).toBe(limitsOf(settings).shared)
  expect(limitsOf({ ...settings }).shared).not.toBe(limitsOf(settings).shared)
})

test.each([
  ['limits: { upload: 10 }', '1:19: limits.upload: takes a text, and here is a number; put it in quotes'],
  [
    'limits: { upload: 10MBps }',
    '1:19: limits.upload: has a form like 10MB/s, 1.5MiB/s or 20Mbit/s, or is unlimited',
  ],
  ['limits: { upload: 10kB/s }', '1:19: limits.upload: is less than 32kB/s'],
  ['limits: { upload: 0B/s }', '1:19: limits.upload: is less than 32kB/s'],
  ['limits: { concurrency: 0 }', '1:24: limits.concurrency: is 1 or more'],
  ['limits: { requestsPerSecond: 0.1 }', '1:30: limits.requestsPerSecond: is 1 or more'],
  ['limits: { hours: [{ from: "25:00", to: "06:00" }] }', '1:27: limits.hours[0].from: is a time of the day'],
  ['limits: { hours: [{ from: "06:00", to: "06:00" }] }', '1:40: limits.hours[0].to: is the same as from'],
  [
    `destinations: [{ ${disk}, limits: { uplaod: 1MB/s } }]`,
    'limits.uplaod: there is no such field; did you mean upload?',
  ],
])('%j is refused as: %s', async (yaml, message) => {
  await using folder = await folderWith({ 'safelight.yaml': yaml })
  expect(folder.problems()).toContainEqual(expect.stringContaining(message))
})
