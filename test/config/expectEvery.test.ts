import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseDuration } from '../../src/config/duration.ts'
import { expectEveryMs } from '../../src/config/expectEvery.ts'
import { folderWith } from './folder.ts'

const hour = 3_600_000

test('a length of time is a whole number and its unit', () => {
  const units = { min: 60_000, h: hour, d: 24 * hour, w: 7 * 24 * hour }
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 99_999 }),
      fc.constantFrom(...Object.entries(units)),
      (n, [unit, ms]) => {
        expect(parseDuration(`${n}${unit}`)).toBe(n * ms)
        expect(parseDuration(`${n} ${unit}`)).toBe(n * ms)
      },
    ),
  )
})

test.each(['', '26', 'h', '0h', '-1h', '1.5h', '1h30min', '1 m', '1H', ' 1h', '100000h'])(
  '%j is no length of time',
  (text) => {
    expect(parseDuration(text)).toBeUndefined()
  },
)

test('a backup is expected every 26 hours, or as the file says for all, or for a destination', async () => {
  const destinations = `destinations:
  - { name: disk, type: local, path: /mnt/vault }
  - { name: drawer, type: local, path: /mnt/drawer, expectEvery: 5w }
`
  for (const [top, hours] of [
    ['', 26],
    ['expectEvery: 90min\n', 1.5],
  ] as const) {
    await using folder = await folderWith({ 'safelight.yaml': top + destinations })
    const config = folder.load()
    const all = config.destinations.map((destination) => expectEveryMs(config, destination) / hour)
    expect(all).toEqual([hours, 5 * 7 * 24])
  }
})

test('a length of time that is none is told with its place', async () => {
  await using folder = await folderWith({ 'safelight.yaml': 'expectEvery: daily\n' })
  expect(folder.problems().at(-1)).toBe(
    'safelight.yaml:1:14: expectEvery: has a form like 90min, 26h, 2d or 1w',
  )
})
