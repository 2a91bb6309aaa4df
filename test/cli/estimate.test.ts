import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bandwidthOf } from '../../src/cli/bandwidth.ts'
import { summaryWithForecast } from '../../src/cli/output/dryRunSummary.ts'
import type { BackupEnd } from '../../src/runs/backup/plan.ts'
import { Tally } from '../../src/runs/backup/tally.ts'
import { nothing, oneObject, scaled } from '../../src/runs/forecast/amounts.ts'
import { noRequests } from '../../src/runs/forecast/requests.ts'
import { tariffOf } from '../../src/storage/prices/tariff.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { runInProcess } from './inProcess.ts'

const mebibyte = 1024 * 1024

describe('safelight estimate', () => {
  /** A library of three photos and a sidecar, and a configuration without any destination. */
  async function library(config = '') {
    const folder = await temporaryFolder()
    const files = {
      'data/library/a/1.jpg': Buffer.alloc(3 * mebibyte),
      'data/library/a/2.jpg': Buffer.alloc(2 * mebibyte),
      'data/upload/3.jpg': Buffer.alloc(mebibyte),
      'data/upload/3.xmp': 'sidecar',
      'data/upload/thumb.tmp': 'ignored',
      'safelight.yaml': `library: data\nstate: state\ninclude: [library, upload]\nignore: ['**/*.tmp']\n${config}`,
    }
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(folder.path, path, '..'), { recursive: true })
      await writeFile(join(folder.path, path), content)
    }
    return folder
  }

  test('compares every class of every provider for this library, the cheapest month first', async () => {
    await using folder = await library()
    const { exitCode, stdout } = await runInProcess(['estimate', '--json'], { cwd: folder.path })
    expect(exitCode).toBe(0)
    const document = JSON.parse(stdout) as { offers: { name: string; month: { cost: number } }[] }
    expect(document).toMatchObject({ files: 4, bytes: 6 * mebibyte + 7, objects: 4, unreadable: 0 })
    const costs = document.offers.map(({ month }) => month.cost)
    expect(costs).toEqual(costs.toSorted((a, b) => a - b))
    const deep = document.offers.find(({ name }) => name === 'S3 Deep Archive')
    expect(deep).toMatchObject({
      provider: 'aws',
      region: 'us-east-1',
      class: 'DEEP_ARCHIVE',
      pricesOf: '2026-08-18',
      run: { requests: 4, cost: (4 * 0.05) / 1000 },
      committed: { days: 180 },
      restore: {
        ways: [
          { tier: 'bulk', thawHours: 48 },
          { tier: 'standard', thawHours: 12 },
        ],
      },
    })
  })

  test('is a table of 80 columns, with the days of the prices and one’s own marked', async () => {
    await using folder = await library('prices: [{ provider: friend, name: My friend, storage: 0.5 }]\n')
    const { exitCode, stdout } = await runInProcess(['estimate'], { cwd: folder.path })
    expect(exitCode).toBe(0)
    const lines = stdout.split('\n')
    expect(lines.filter((line) => line.length > 80)).toEqual([])
    expect(stdout).toContain('4 files, 6.00 MiB: 4 objects of 6.01 MiB once they are encrypted.')
    expect(lines.find((line) => line.startsWith('Wasabi'))).toMatch(/\$0 +\$7\.99 +\$0 .* 90 days$/)
    expect(stdout).toMatch(/^My friend \(yours\)/m)
    expect(stdout.replaceAll('\n', ' ')).toContain("by the providers' lists of 2026-05-01 to 2026-09-20 for")
  })

  test('tells what it could not look at', async () => {
    await using folder = await library()
    await rm(join(folder.path, 'data/upload'), { recursive: true })
    const { exitCode, stdout, stderr } = await runInProcess(['estimate'], { cwd: folder.path })
    expect(exitCode).toBe(0)
    expect(stderr).toBe("warning: 1 folder or file can't be looked at, and is not counted\n")
    expect(stdout).toContain('2 files')
  })
})

test('a dry run is told in 80 columns, with all that a frozen class costs', () => {
  const gigabyte = oneObject(2 ** 30)
  const file = { files: 1234, bytes: 5e9 }
  const end: BackupEnd = {
    destination: 'cloud',
    result: {
      exitCode: 0,
      location: 's3://photos/immich',
      snapshot: undefined,
      dryRun: {
        findings: {
          added: file,
          changed: file,
          moved: file,
          gone: file,
          largest: [{ path: 'library/ada/film.mov', bytes: 4e9 }],
          odd: (['sizeOnly', 'original', 'metadataOnly', 'empty', 'future'] as const).map((kind) => ({
            kind,
            ...file,
            examples: ['library/ada/1.jpg', 'library/ada/2.jpg', 'library/ada/3.jpg'],
          })),
        },
        survey: {
          stored: { content: scaled(gigabyte, 400), index: scaled(gigabyte, 10) },
          added: { content: scaled(gigabyte, 5), index: gigabyte },
          requests: { content: { ...noRequests, puts: 5000 }, index: noRequests },
          restored: scaled(gigabyte, 400),
          readRate: undefined,
          growth: {
            content: { days: 100, amount: scaled(gigabyte, 20) },
            index: { days: 100, amount: nothing },
          },
        },
      },
      tally: new Tally(),
      toRead: file,
      warnings: [],
    },
  }
  const tariff = tariffOf({ provider: 'aws', region: 'us-east-1', storageClass: 'DEEP_ARCHIVE' })
  const pricing = { tariff, bandwidth: (rate: number | undefined) => bandwidthOf([], rate) }
  const text = summaryWithForecast(end, () => pricing)
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
  expect(text).toMatchInlineSnapshot(`
    "cloud: a backup to s3://photos/immich would store up to 5 objects, 5.00 GiB
      new        1,234 files, 4.66 GiB
      changed    1,234 files, 4.66 GiB
      moved      1,234 files, 4.66 GiB, by size and time: nothing to store
      gone       1,234 files, 4.66 GiB; what was stored of them stays
      largest    3.73 GiB  library/ada/film.mov
      odd        1,234 files changed content but not time
                 library/ada/1.jpg
                 library/ada/2.jpg
                 library/ada/3.jpg
                 …
      odd        1,234 originals changed; Immich never does that: look first
                 library/ada/1.jpg
                 library/ada/2.jpg
                 library/ada/3.jpg
                 …
      odd        1,234 files touched: same size and time, a backup reads them to see
                 library/ada/1.jpg
                 library/ada/2.jpg
                 library/ada/3.jpg
                 …
      odd        1,234 files without content: an upload may have broken off
                 library/ada/1.jpg
                 library/ada/2.jpg
                 library/ada/3.jpg
                 …
      odd        1,234 files from the future: a clock is or was wrong
                 library/ada/1.jpg
                 library/ada/2.jpg
                 library/ada/3.jpg
                 …
      not known  which are the same: a backup reads them, and stores them once
      costs      US dollars, S3 Deep Archive, us-east-1, by the list of 2026-08-18
        this run   5,000 requests, $0.25
        at least   $0.03, even if it is deleted: 180 days are billed
        a month    $0.65 for 416 GiB
        in a year  $0.73 a month for 489 GiB, with 205 MiB a day as until now
        restore    $30.16 for all of it, $27.00 of it traffic
                   2 d 00 h to thaw (bulk), then 9 h 32 min at 100 Mbit/s (assumed)
                   or $37.19, 12 h 00 min to thaw (standard)"
  `)
  expect(summaryWithForecast(end, () => ({ ...pricing, tariff: undefined }))).toContain(
    'costs      not known; `prices` in the configuration can tell',
  )
})

function limits(download: string) {
  return { download, hours: [] }
}

test('a restore is as fast as the limits allow and as was measured, and as usual where nothing tells', () => {
  expect(bandwidthOf([undefined]).text).toBe('100 Mbit/s (assumed)')
  expect(bandwidthOf([limits('16MiB/s'), limits('8MiB/s')]).text).toBe('8.00 MiB/s (limits.download)')
  expect(bandwidthOf([limits('16MiB/s')], 4 * mebibyte).text).toBe('4.00 MiB/s (measured)')
  expect(bandwidthOf([limits('2MiB/s')], 4 * mebibyte)).toEqual({
    bytesPerSecond: 2 * mebibyte,
    text: '2.00 MiB/s (limits.download)',
  })
})
