import { describe, expect, test } from 'vitest'
import { backupNews } from '../../../src/runs/telling/backupNews.ts'
import { overdueNews, type Freshness } from '../../../src/runs/telling/overdueNews.ts'
import { forgotten, withPresumed } from '../../../src/runs/telling/presumed.ts'
import { toldEnd } from '../../../src/runs/telling/toldEnd.ts'
import { verificationNews } from '../../../src/runs/telling/verificationNews.ts'
import type { DestinationStatus } from '../../../src/runs/status/destinationStatus.ts'
import type { VerifyResult } from '../../../src/runs/verify/verification.ts'
import { exitCodes, UserError } from '../../../src/shared/errors.ts'
import { day, failed, hour, made, now, occasionWith, remembered, told } from './ends.ts'

function each(destination: string, ageMs: number | undefined): Freshness {
  const lastGood = ageMs === undefined ? undefined : new Date(now.getTime() - ageMs)
  return { destination, lastGood, expectEveryMs: 26 * hour }
}

function result(outcome: VerifyResult['outcome']): VerifyResult {
  const found = { outcome, findingsTotal: 2, affected: { paths: [], total: 3 }, statement: '2 bad' }
  return found as unknown as VerifyResult
}

describe('overdue', () => {
  test('is what has no backup in time, told once a day', () => {
    const all = [each('disk', day), each('cloud', 3 * day), each('friend', undefined)]
    const news = overdueNews(all, occasionWith())
    expect(told(news)).toEqual(['overdue cloud friend'])
    const alarms = remembered(news, occasionWith())
    expect(overdueNews(all, occasionWith(alarms, new Date(now.getTime() + hour)))).toEqual([])
    expect(told(overdueNews(all, occasionWith(alarms, new Date(now.getTime() + day))))).toEqual([
      'overdue disk cloud friend',
    ])
  })

  test('is not told besides a failure that was', () => {
    const alarm = { since: now, told: now, what: '1' }
    expect(overdueNews([each('cloud', 3 * day)], occasionWith({ 'failure.cloud': alarm }))).toEqual([])
  })
})

describe('a verification', () => {
  const good = { destination: 'disk', result: result('good') }
  const damaged = { destination: 'disk', result: result('damaged') }

  test('that is good is only told when it was not so before', () => {
    expect(verificationNews(good, occasionWith())).toEqual([])
    const news = verificationNews(damaged, occasionWith())
    expect(told(news)).toEqual(['verification-failure disk'])
    expect(news[0]?.event).toMatchObject({ problem: { kind: 'damaged', findings: 2, paths: 3 } })
    const alarms = remembered(news, occasionWith())
    expect(verificationNews(damaged, occasionWith(alarms, new Date(now.getTime() + hour)))).toEqual([])
    expect(told(verificationNews(good, occasionWith(alarms)))).toEqual(['recovery disk'])
    expect(remembered(verificationNews(good, occasionWith(alarms)), occasionWith(alarms))).toEqual({})
  })

  test('that becomes worse is told at once', () => {
    const news = verificationNews({ destination: 'disk', result: result('incomplete') }, occasionWith())
    expect(told(verificationNews(damaged, occasionWith(remembered(news, occasionWith()))))).toEqual([
      'verification-failure disk',
    ])
  })

  test('that could not be done is told with what to do', () => {
    const error = new UserError('a snapshot is hidden', { hint: 'Look.', exitCode: exitCodes.noVault })
    expect(verificationNews({ destination: 'disk', error }, occasionWith())[0]?.event).toMatchObject({
      problem: { kind: 'failed', message: 'a snapshot is hidden', hint: 'Look.' },
    })
  })

  test('that was interrupted is not told', () => {
    const error = new DOMException('stop', 'AbortError')
    expect(verificationNews({ destination: 'disk', error }, occasionWith())).toEqual([])
  })
})

describe('what a machine without a memory presumes to be told', () => {
  const end = failed('disk', { lastGood: undefined })
  const after = (ageMs: number, outcome: 'failed' | 'interrupted' = 'failed') => {
    const ended = [{ outcome, ended: new Date(now.getTime() - ageMs), error: 'gone' }]
    const status = { destination: 'disk', ended } as unknown as DestinationStatus
    return told(backupNews([end], withPresumed(occasionWith(), [end], [status], now)))
  }

  test('is a failure that a report in the vault tells of', () => {
    expect(after(10 * 60_000)).toEqual([])
  })

  test('is none of a day ago, none that was only interrupted, and not its own', () => {
    expect(after(21 * hour)).toEqual(['failure disk'])
    expect(after(10 * 60_000, 'interrupted')).toEqual(['failure disk'])
    expect(after(0)).toEqual(['failure disk'])
  })

  test('is nothing where it remembers something', () => {
    expect(forgotten([end, made('cloud')], occasionWith())).toEqual([end])
    expect(forgotten([failed('disk')], occasionWith())).toEqual([])
    const alarm = { since: now, told: null, what: '1' }
    expect(forgotten([end], occasionWith({ 'failure.disk': alarm }))).toEqual([])
  })
})

describe('of an error', () => {
  const known = { expectEveryMs: 26 * hour, lastGood: undefined }
  const end = (error: unknown) => toldEnd({ destination: 'disk', error }, known)

  test('that nobody expected, no text and no stack is told', () => {
    const told = end(new TypeError('password hunter2 is not iterable'))
    expect(told).toMatchObject({ outcome: 'failed', exitCode: exitCodes.failed })
    expect(JSON.stringify(told)).not.toMatch(/hunter2|telling|TypeError/)
  })

  test.each([
    ['that another run is at it', new UserError('another run', { exitCode: exitCodes.locked })],
    ['an interruption', new DOMException('stop', 'AbortError')],
  ])('%s, nothing is told', (_what, error) => {
    expect(end(error)).toBeUndefined()
  })
})
