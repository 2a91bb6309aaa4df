import { describe, expect, test } from 'vitest'
import { backupNews } from '../../../src/runs/telling/backupNews.ts'
import type { ToldEnd } from '../../../src/runs/telling/toldEnd.ts'
import { exitCodes } from '../../../src/shared/errors.ts'
import { day, failed, hour, made, now, occasionWith, recordWith, remembered, told } from './ends.ts'

/** What is told over several runs, so many hours after one another. */
function story(
  runs: readonly (readonly ToldEnd[])[],
  everyHours: number,
  outcome: 'told' | 'untold' = 'told',
) {
  let alarms = occasionWith().alarms
  return runs.map((ends, i) => {
    const occasion = { ...occasionWith({}, new Date(now.getTime() + i * everyHours * hour)), alarms }
    const news = backupNews(ends, occasion)
    alarms = new Map(Object.entries(remembered(news, occasion, outcome)))
    return told(news)
  })
}

describe('a machine that remembers', () => {
  test('says nothing as long as all is well', () => {
    expect(story([[made('disk')], [made('disk')]], 24)).toEqual([[], []])
  })

  test('tells a failure that lasts once a day, and then that it is over', () => {
    const night = [failed('disk')]
    expect(story([night, night, night, [made('disk')], [made('disk')]], 24)).toEqual([
      ['failure disk'],
      ['failure disk'],
      ['failure disk'],
      ['recovery disk'],
      [],
    ])
  })

  test('does not tell the same every hour', () => {
    const hours = Array.from({ length: 24 }, () => [failed('disk')])
    const all = story(hours, 1)
    expect(all.flatMap((each, i) => (each.length > 0 ? [i] : []))).toEqual([0, 20])
  })

  test('tells at once when it is another failure', () => {
    const wrongKey = failed('disk', { exitCode: exitCodes.wrongKey })
    expect(story([[failed('disk')], [wrongKey], [wrongKey]], 1)).toEqual([
      ['failure disk'],
      ['failure disk'],
      [],
    ])
  })

  test('tells again as long as nobody could be told', () => {
    expect(story([[failed('disk')], [failed('disk')]], 1, 'untold')).toEqual([
      ['failure disk'],
      ['failure disk'],
    ])
    const recovered = [[failed('disk')], [made('disk')], [made('disk')]]
    expect(story(recovered, 1, 'untold').slice(1)).toEqual([['recovery disk'], ['recovery disk']])
  })

  test('tells what failed at several destinations together, and names those that are good', () => {
    const [{ event } = { event: undefined }] = backupNews(
      [failed('cloud'), made('disk'), failed('friend')],
      occasionWith(),
    )
    expect(event).toMatchObject({
      kind: 'failure',
      failed: [{ destination: 'cloud' }, { destination: 'friend' }],
      good: ['disk'],
    })
  })

  test.each([
    [exitCodes.noVault, true],
    [exitCodes.wrongKey, true],
    [exitCodes.failed, false],
  ])('doubts what is left there after exit code %i: %s', (exitCode, isInDoubt) => {
    const [{ event } = { event: undefined }] = backupNews([failed('disk', { exitCode })], occasionWith())
    expect(event).toMatchObject({ failed: [{ isInDoubt }] })
  })

  test('tells what newer backups leave out for too long, and that it is there again with the whole', () => {
    const old = '2026-11-19T03:17:00.000Z'
    const databaseAlone = made('disk', { record: recordWith({ filesTaken: old }) })
    expect(story([[databaseAlone], [databaseAlone], [made('disk')], [made('disk')]], 1)).toEqual([
      ['overdue disk'],
      [],
      ['recovery disk'],
      [],
    ])
    const news = backupNews([databaseAlone], occasionWith())
    expect(news.find(({ event }) => event)?.event).toMatchObject({
      destinations: [{ lastGood: new Date(old) }],
    })
  })

  test('knows each destination by itself', () => {
    const runs = [
      [failed('cloud'), made('disk')],
      [failed('cloud'), failed('disk')],
      [made('cloud'), failed('disk')],
    ]
    expect(story(runs, 1)).toEqual([['failure cloud'], ['failure disk'], ['recovery cloud']])
  })

  test('tells a backup that needs a look once a week, and at once when there is something else', () => {
    const same = made('disk', { warnings: ['1 file could not be read'] })
    const more = made('disk', { warnings: ['2 files could not be read'] })
    const nights = Array.from({ length: 8 }, () => [same])
    expect(story([...nights, [more], [made('disk')], [more]], 24)).toEqual([
      ['partial disk'],
      ...Array.from({ length: 6 }, () => []),
      ['partial disk'],
      ['partial disk'],
      [],
      ['partial disk'],
    ])
  })

  test('tells of what is wrong with a snapshot, and not that there is one again', () => {
    const runs = [
      [failed('disk')],
      [made('disk', { warnings: ['1 file could not be read'] })],
      [made('disk')],
    ]
    expect(story(runs, 24)).toEqual([['failure disk'], ['partial disk'], []])
  })
})

/** A snapshot after another one that this machine knows nothing of. */
function afterGap(gapMs: number): ToldEnd {
  return made('disk', { isRemembered: false, previous: new Date(now.getTime() - gapMs) })
}

describe('a machine that remembers nothing', () => {
  test('tells each failure', () => {
    expect(told(backupNews([failed('disk')], occasionWith()))).toEqual(['failure disk'])
  })

  test('knows by the gap between two snapshots that something is good again', () => {
    expect(told(backupNews([afterGap(2 * day)], occasionWith()))).toEqual(['recovery disk'])
    expect(told(backupNews([afterGap(day)], occasionWith()))).toEqual([])
  })

  test('which a machine that remembers does not take for a failure: it may have been turned off', () => {
    expect(told(backupNews([made('disk', { previous: new Date(0) })], occasionWith()))).toEqual([])
  })
})

test('a first snapshot is told', () => {
  const end = made('disk', {
    record: recordWith({ restorePoint: null }),
    previous: undefined,
    isRemembered: false,
  })
  expect(told(backupNews([end], occasionWith()))).toEqual(['first-success disk'])
})

test('a sharp drop is told as such, with the snapshot that has what is gone', () => {
  const warnings = ['files dropped sharply, from 48000 to 1200, since snapshot 6']
  const end = made('disk', { record: recordWith({ sharpDrop: true }), warnings })
  const news = backupNews([end], occasionWith())
  expect(told(news)).toEqual(['sharp-drop disk'])
  expect(news.find(({ event }) => event)?.event).toMatchObject({
    destinations: [{ before: '6-fedcba9876543210', warnings }],
  })
})
