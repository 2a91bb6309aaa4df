import * as fc from 'fast-check'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exposition, parseExposition } from '../../src/metrics/exposition.ts'
import { metrics, type Measured, type MetricName } from '../../src/metrics/metrics.ts'
import { push } from '../../src/metrics/pushgateway.ts'
import { writeTextfile } from '../../src/metrics/textfile.ts'
import type { Patience } from '../../src/shared/patience.ts'
import { startReceiver } from '../support/receiver.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

const good: Measured = {
  host: 'main',
  destination: 'disk',
  values: { safelight_last_success_timestamp_seconds: 1_795_231_264, safelight_last_run_exit_code: 0 },
}
const failed: Measured = { ...good, values: { safelight_last_run_exit_code: 1 } }
const other: Measured = { ...good, destination: 'cloud', values: { safelight_last_run_exit_code: 3 } }

test('metrics are written as Prometheus reads them', async () => {
  expect(await exposition([good, other])).toMatchInlineSnapshot(`
    "# HELP safelight_last_success_timestamp_seconds When the newest good snapshot was made
    # TYPE safelight_last_success_timestamp_seconds gauge
    safelight_last_success_timestamp_seconds{host="main",destination="disk"} 1795231264

    # HELP safelight_last_run_exit_code Its exit code: 0 done, 3 done but a person should look, anything else failed
    # TYPE safelight_last_run_exit_code gauge
    safelight_last_run_exit_code{host="main",destination="disk"} 0
    safelight_last_run_exit_code{host="main",destination="cloud"} 3
    "
  `)
})

test('what was written is read back', async () => {
  const name = fc.stringMatching(/^[a-z0-9-]{1,64}$/)
  const values = fc.dictionary(
    fc.constantFrom(...(Object.keys(metrics) as MetricName[])),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  )
  await fc.assert(
    fc.asyncProperty(name, name, values, async (host, destination, measured) => {
      const found = parseExposition(await exposition([{ host, destination, values: measured }]))
      const back = Object.assign({}, ...found.map((each) => each.values)) as Record<string, number>
      for (const [metric, value] of Object.entries(measured)) expect(back[metric] === value).toBe(true)
      expect(Object.keys(back)).toHaveLength(Object.keys(measured).length)
      expect(found.every((each) => each.host === host && each.destination === destination)).toBe(true)
    }),
    { numRuns: 50 },
  )
})

describe('a textfile', () => {
  test('keeps the last success of a destination that failed, and all of the others', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'safelight.prom')
    await writeTextfile(path, [good, other])
    await writeTextfile(path, [failed])
    const text = await readFile(path, 'utf8')
    expect(text).toContain('last_success_timestamp_seconds{host="main",destination="disk"} 1795231264')
    expect(text).toContain('last_run_exit_code{host="main",destination="disk"} 1')
    expect(text).toContain('last_run_exit_code{host="main",destination="cloud"} 3')
    expect(text.match(/^# TYPE safelight_last_run_exit_code/gm)).toHaveLength(1)
  })

  test('is readable by others, and nothing is left beside it', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'safelight.prom')
    await writeTextfile(path, [good])
    expect((await stat(path)).mode & 0o777).toBe(0o644)
    expect(await readdir(folder.path)).toEqual(['safelight.prom'])
  })

  test('of somebody else is replaced, without being believed', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'safelight.prom')
    await writeFile(path, 'safelight_overdue{host="x\\"",destination="y"} NaN\nup 1\nsafelight_nothing{} 1\n')
    await chmod(path, 0o600)
    await writeTextfile(path, [good])
    expect(await readFile(path, 'utf8')).toBe(await exposition([good]))
  })

  test('in a folder that is not there is an error', async () => {
    await using folder = await temporaryFolder()
    await expect(writeTextfile(join(folder.path, 'none/safelight.prom'), [good])).rejects.toThrow('ENOENT')
  })
})

describe('a Pushgateway', () => {
  const patience: Patience = { tries: 2, timeoutMs: 10_000, firstDelayMs: 5, longestDelayMs: 100 }
  const { signal } = new AbortController()

  test('gets a group for each destination, added to what it has', async () => {
    await using receiver = await startReceiver([{ status: 202 }, { status: 202 }])
    await push(`${receiver.url}/below/`, [good, other], patience, signal)
    expect(receiver.requests).toMatchObject([
      { method: 'POST', path: '/below/metrics/job/safelight/host/main/destination/disk' },
      { method: 'POST', path: '/below/metrics/job/safelight/host/main/destination/cloud' },
    ])
    expect(receiver.requests[1]?.body).toBe(await exposition([other]))
    expect(receiver.requests[0]?.headers['content-type']).toContain('version=0.0.4')
  })

  test('that refuses is told of', async () => {
    await using receiver = await startReceiver([{ status: 400 }])
    await expect(push(receiver.url, [good], patience, signal)).rejects.toThrow('answered 400 (Bad Request)')
  })
})
