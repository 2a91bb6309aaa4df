/* The worked examples of docs/costs.md: each sum gives what stands beside it, and the program says the same. */
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { sum, oneObject, scaled } from '../../src/runs/forecast/amounts.ts'
import { forecast, type Forecast } from '../../src/runs/forecast/forecast.ts'
import { noRequests } from '../../src/runs/forecast/requests.ts'
import { priceLists } from '../../src/storage/prices/lists.ts'
import { tariffOf, type Tariff } from '../../src/storage/prices/tariff.ts'

const page = await readFile(new URL('../../docs/costs.md', import.meta.url), 'utf8')

/** Rows of the table whose heading begins with these words. */
function table(heading: string): string[][] {
  const lines = page.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} `))
  if (start < 0) throw new Error(`docs/costs.md has no table ${heading}`)
  const rows = lines.slice(start + 2)
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

function number(text: string): number {
  return Number(text.replaceAll(',', ''))
}

/** What a sum such as `(1,000 − 10) × 0.02 / 3` gives. */
function valueOf(formula: string): number {
  const tokens = formula.match(/[\d.,]+|[()+−×/]/g) ?? []
  const factor = (): number => {
    const token = tokens.shift() ?? ''
    if (token !== '(') return number(token)
    const value = total()
    tokens.shift()
    return value
  }
  const product = (): number => {
    let value = factor()
    while (tokens[0] === '×' || tokens[0] === '/')
      value = tokens.shift() === '×' ? value * factor() : value / factor()
    return value
  }
  const total = (): number => {
    let value = product()
    while (tokens[0] === '+' || tokens[0] === '−')
      value = tokens.shift() === '+' ? value + product() : value - product()
    return value
  }
  const value = total()
  if (tokens.length > 0) throw new Error(`${formula} goes on after its end`)
  return value
}

const [photos = 0, videos = 0, packs = 0, dumps = 0] = table('in the example').map(([, n = '']) => number(n))
const mebibyte = 1024 * 1024
const content = sum(
  scaled(oneObject(4 * mebibyte), photos),
  scaled(oneObject(1024 * mebibyte), videos),
  scaled(oneObject(64 * 1024), packs),
)
const index = scaled(oneObject(100 * mebibyte), dumps)
const requests = Object.fromEntries(
  ['content', 'index'].map((part, i) => {
    const [puts = 0, parts = 0, lists = 0, gets = 0] = table('requests').map((row) =>
      number(row[i + 1] ?? ''),
    )
    return [part, { ...noRequests, puts, parts, lists, gets }]
  }),
) as Record<'content' | 'index', typeof noRequests>

function forecastOf(tariff: Tariff): Forecast {
  const nothing = scaled(content, 0)
  const survey = {
    stored: { content: nothing, index: nothing },
    added: { content, index },
    requests,
    restored: content,
    growth: undefined,
  }
  return forecast(tariff, survey, 12_500_000)
}

/** What the program says of the thing that a row is about. */
function said(row: string, { month, run, committed, restore }: Forecast): number | undefined {
  const [cheapest] = restore.ways
  if (row === 'month') return month.cost
  if (row === 'upload') return run.cost
  if (row === 'at least') return committed?.cost
  return row === 'reading' ? cheapest?.reading : cheapest?.traffic
}

test('the example is what its text says', () => {
  expect(content).toMatchObject({ objects: 101_010, bytes: 430_233_354_240, small: { objects: 1000 } })
  expect((content.bytes / 2 ** 30).toFixed(5)).toBe('400.68604')
  expect((index.bytes / 1e9).toFixed(5)).toBe('10.48576')
})

const examples = Array.from(page.matchAll(/^\| (\w+) ([\w-]+) ([A-Z_]+) +\| sum/gm), ([, ...place]) => place)

test('each provider has an example', () => {
  const shown = new Set(examples.map(([provider]) => provider))
  expect(shown).toEqual(new Set(priceLists.map(({ provider }) => provider)))
})

describe.each(examples)('%s %s %s', (provider = '', region = '', storageClass = '') => {
  const tariff = tariffOf({ provider, region, storageClass })
  if (!tariff) throw new Error('it has no prices')
  const rows = table([provider, region, storageClass].join(' '))

  test('has the region and the class that it says', () => {
    expect(tariff).toMatchObject({ provider, region, storageClass, hasOwn: false })
    const names = rows.map(([name]) => name)
    const all = ['month', 'upload', 'at least', 'reading', 'traffic']
    expect(names).toEqual(tariff.content.minimumDays > 0 ? all : all.filter((name) => name !== 'at least'))
  })

  test.each(rows)('%s: %s = %s', (name = '', formula = '', dollars = '') => {
    expect(valueOf(formula).toFixed(2)).toBe(dollars)
    // The quantities in the sums are rounded to five digits.
    expect(Math.abs((said(name, forecastOf(tariff)) ?? Number.NaN) - valueOf(formula))).toBeLessThan(0.0001)
  })
})

test('the days and the trust of the lists stand in the page', () => {
  for (const { name, asOf, confidence } of priceLists) {
    const row = page.split('\n').find((line) => line.startsWith(`| ${name} `) && line.includes(asOf))
    expect([name, row?.includes('**unverified**')]).toEqual([name, confidence === 'secondary'])
  }
})

test.each(['s3', 'gcs'])('docs/destinations/%s.md has the prices of the lists', async (name) => {
  const other = await readFile(new URL(`../../docs/destinations/${name}.md`, import.meta.url), 'utf8')
  const provider = name === 's3' ? 'aws' : name
  const rows = Array.from(other.matchAll(/^\| `?([A-Z_]+)`? +\| ([\d.]+) /gm), ([, ...cells]) => cells)
  expect(rows.length).toBeGreaterThan(3)
  for (const [storageClass = '', storage = ''] of rows) {
    const tariff = tariffOf({ provider, region: undefined, storageClass })
    expect([storageClass, tariff?.content.storage]).toEqual([storageClass, Number(storage)])
  }
})
