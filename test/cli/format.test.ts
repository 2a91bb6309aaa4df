import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitFields } from '../../src/cli/output/field.ts'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumberOf,
  formatRate,
  formatTime,
} from '../../src/shared/format.ts'
import { renderTable } from '../../src/cli/output/table.ts'
import { reflow } from '../../src/cli/output/reflow.ts'
import { displayWidth, pad, shorten } from '../../src/cli/output/width.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1023, '1023 B'],
  [1024, '1.00 KiB'],
  [10_240, '10.0 KiB'],
  [1024 ** 2 - 1, '1.00 MiB'],
  [3.5 * 1024 ** 3, '3.50 GiB'],
  [250 * 1024 ** 4, '250 TiB'],
  [5000 * 1024 ** 5, '5000 PiB'],
])('%d bytes are %s', (bytes, shown) => {
  expect(formatBytes(bytes)).toBe(shown)
})

test.each([
  [0, '0.0 s'],
  [420, '0.4 s'],
  [9949, '9.9 s'],
  [9999, '10 s'],
  [59_499, '59 s'],
  [59_500, '1 min 00 s'],
  [200_000, '3 min 20 s'],
  [3_599_600, '1 h 00 min'],
  [18_180_000, '5 h 03 min'],
  [187_200_000, '2 d 04 h'],
])('%d milliseconds are %s', (ms, shown) => {
  expect(formatDuration(ms)).toBe(shown)
})

test('rates, counts and times are easy to read', () => {
  expect(formatRate(12.34 * 1024 ** 2)).toBe('12.3 MiB/s')
  expect(formatCount(1_234_567)).toBe('1,234,567')
  expect([0, 1, 2000].map((n) => formatNumberOf(n, 'file'))).toEqual(['0 files', '1 file', '2,000 files'])
  expect(formatNumberOf(2, 'entry', 'entries')).toBe('2 entries')
  expect(formatTime(new Date('2026-07-20T02:00:00.999Z'))).toBe('2026-07-20 02:00:00 UTC')
})

test('wide letters, joined emoji and colours are counted as a terminal shows them', () => {
  expect(displayWidth('abc')).toBe(3)
  expect(displayWidth('写真')).toBe(4)
  expect(displayWidth('👩‍👩‍👧')).toBe(2)
  expect(displayWidth('e\u0301')).toBe(1)
  expect(displayWidth('\u001b[1mbold\u001b[22m')).toBe(4)
})

test('a shortened text never takes more columns than there are, and keeps both its ends', () => {
  expect(shorten('library/2024/IMG_0001.jpg', 15)).toBe('library…001.jpg')
  const unit = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('写真', '👩‍👩‍👧', 'é'))
  fc.assert(
    fc.property(fc.array(unit), fc.nat(40), (parts, columns) => {
      const text = parts.join('')
      const short = shorten(text, columns)
      expect(displayWidth(short)).toBeLessThanOrEqual(columns)
      expect(short === text).toBe(displayWidth(text) <= columns)
    }),
  )
})

test('a table keeps its columns under one another, whatever is in them', () => {
  const columns = [{ title: 'Name' }, { title: 'Size', align: 'right' as const }]
  expect(
    renderTable(
      columns,
      [
        ['写真', '5 B'],
        ['a', '10 KiB'],
      ],
      80,
    ).split('\n'),
  ).toEqual(['Name    Size', '写真     5 B', 'a     10 KiB'])
})

test('a table that is too wide takes from the column that may shrink, and from no other', () => {
  const columns = [{ title: 'Path', shrinks: true }, { title: 'Size' }]
  const rows = [['library/a/very/long/path/of/a/photograph.jpg', '5.00 MiB']]
  const lines = renderTable(columns, rows, 30).split('\n')
  expect(lines.map(displayWidth)).toEqual([26, 30])
  expect(lines[1]).toMatch(/^library\S*….*\.jpg {2}5\.00 MiB$/)
  expect(renderTable(columns, rows, Infinity)).toContain(rows[0]?.[0])
})

test('padding goes to the side that is asked for', () => {
  expect([pad('a', 3), pad('a', 3, 'right'), pad('long', 3)]).toEqual(['a  ', '  a', 'long'])
})

test('help is broken anew: paragraphs are filled, indented lines keep their indentation', () => {
  const text = 'A paragraph that its\nauthor broke\nanywhere.\n\nExamples:\n  $ safelight backup --to disk\n'
  expect(reflow(text, 20).split('\n')).toEqual([
    'A paragraph that its',
    'author broke',
    'anywhere.',
    '',
    'Examples:',
    '  $ safelight backup',
    '  --to disk',
    '',
  ])
  expect(reflow(text, 80).split('\n')[0]).toBe('A paragraph that its author broke anywhere.')
})

test('fields that are too long for a terminal are broken below themselves, and nothing else is', () => {
  const text = [
    'disk: verified, all good, at a place with a long name',
    '  newest     snapshot 4-a38f521319f9ca0b; 4 records checked',
    '  level      read',
    '  altered: upload/a name/that is long.jpg: which somebody altered',
  ].join('\n')
  expect(fitFields(text, Infinity)).toBe(text)
  expect(fitFields(text, 45).split('\n')).toEqual([
    'disk: verified, all good, at a place with a long name',
    '  newest     snapshot 4-a38f521319f9ca0b; 4',
    '             records checked',
    '  level      read',
    '  altered: upload/a name/that is long.jpg: which somebody altered',
  ])
})
